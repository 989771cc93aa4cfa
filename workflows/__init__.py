"""Durable state, one folder each: workflow.py, pure rules, models."""
