"""I/O on behalf of workflows."""
