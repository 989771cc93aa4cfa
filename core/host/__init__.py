"""The host: starts the servers and Rosey's own processes, and keeps them running."""
