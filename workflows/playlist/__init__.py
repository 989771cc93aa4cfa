"""What a room asked to see, in a fair order, kept in step with the platform's own list."""
