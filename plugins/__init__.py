"""One folder a plugin."""
