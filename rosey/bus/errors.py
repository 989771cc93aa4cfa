"""What the bus raises."""


class BusError(Exception):
    """The bus cannot be used; the text is a sentence for the operator."""
