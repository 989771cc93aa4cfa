"""What the database looks like, step by step; one folder and one branch for each owner."""
