"""Plugins at work in a process."""
