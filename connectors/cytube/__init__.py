"""CyTube: rooms where people watch films together."""
