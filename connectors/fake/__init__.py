"""A platform in memory, for tests."""
