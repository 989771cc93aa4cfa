"""People's names, as far as Rosey goes by them."""

# Longer ones are cut.
LONGEST_NAME = 100


def name_key(name: str) -> str:
    """The same for all spellings of a person's name; what is kept about people goes by it."""
    return name[:LONGEST_NAME].lower()
