"""The boring services: host, router, plugin host, command line."""
