"""The media queue's commands."""
