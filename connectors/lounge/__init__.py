"""The room that comes with Rosey: a small server that speaks the CyTube protocol, with a page."""
