"""Plugins of strangers: fetched, checked, put in place, switched and taken away."""
