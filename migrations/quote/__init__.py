"""Quotes, and who has voted for them."""
