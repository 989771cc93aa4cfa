"""A media queue that is fair and outlives everything."""
