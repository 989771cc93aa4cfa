"""What the bus raises."""


class BusError(Exception):
    """The bus cannot be used; the text is a sentence for the operator."""


class StreamFull(BusError):
    """The stream has no room until its oldest messages expire; the server itself is well."""
