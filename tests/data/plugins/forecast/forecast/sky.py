"""What the sky may do."""

SKIES = ("sun", "rain", "wind")
