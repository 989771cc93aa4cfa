"""One folder a platform; the only place for a platform's library."""
