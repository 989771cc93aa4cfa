"""The box: what a process that runs code nobody vouches for may still do."""
