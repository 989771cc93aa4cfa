"""From a line to a command and from its outcome to lines: what the router and a test room share."""
