"""The plugin manager: which plugins are on where, and with what settings."""
