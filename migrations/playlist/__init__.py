"""What is queued, what was played, and what people added."""
