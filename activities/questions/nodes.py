"""Reading a YAML document as nodes, so that every complaint can name its line.

Nothing is constructed from the document: numbers and dates stay the text that was typed
(`007` is no 7, `12:30` no 750), and only booleans and lists are told apart.
"""

import unicodedata
from collections.abc import Iterable

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

_TAG = "tag:yaml.org,2002:"
_BOOL = _TAG + "bool"
_NULL = _TAG + "null"
_NUMBERS = {_TAG + "int", _TAG + "float"}
_TEXTS = {_TAG + "str", _TAG + "timestamp", _TAG + "merge", _TAG + "value"}
_QUOTE_HINT = "text with ': ', ' #' or quotation marks in it needs quotes around it"


class PackError(Exception):
    """A pack cannot be used. `file`, `line` (from 1, 0 if unknown) and `key` say where."""

    def __init__(self, reason: str, *, file: str = "", line: int = 0, key: str = "") -> None:
        super().__init__(reason)
        self.reason, self.file, self.line, self.key = reason, file, line, key

    def __str__(self) -> str:
        line = f"line {self.line}" if self.line else ""
        where = ", ".join(part for part in (self.file, line, _shorten(self.key)) if part)
        return f"{where}: {self.reason}" if where else self.reason


def _shorten(key: str) -> str:
    if not key:
        return ""
    return f"'{key[:57]}...'" if len(key) > 60 else f"'{key}'"


def error_at(node: Node, reason: str, key: str = "") -> PackError:
    """A `PackError` that points at `node`."""
    return PackError(reason, line=node.start_mark.line + 1, key=key)


def parse(text: str) -> MappingNode:
    """The top-level mapping of a YAML document. Raises `PackError`."""
    try:
        # The C loader of PyYAML crashes the process on deep nesting; this one raises.
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = f"this is not valid YAML ({error.problem or error.context}); {_QUOTE_HINT}"
        raise PackError(reason, line=mark.line + 1 if mark else 0) from error
    except RecursionError as error:
        raise PackError("this is nested far too deep for a list of questions") from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise PackError(f"this is not valid YAML ({_first_line(error)})") from error
    if root is None:
        raise PackError("the file is empty")
    if not isinstance(root, MappingNode):
        raise error_at(root, "the file must consist of 'key: value' lines at its top level")
    return root


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def entries(node: Node, what: str) -> list[tuple[str, Node, Node]]:
    """(key, key node, value node) of a mapping; keys as text. Raises `PackError`."""
    if not isinstance(node, MappingNode):
        raise error_at(node, f"{what} must consist of 'key: value' lines")
    return [(text_of(key, "a key"), key, value) for key, value in node.value]


def fields(node: Node, what: str, allowed: Iterable[str]) -> dict[str, Node]:
    """A mapping with known keys, each at most once. Raises `PackError`."""
    names = list(allowed)
    found: dict[str, Node] = {}
    for key, key_node, value in entries(node, what):
        if key not in names:
            reason = f"{what} has no such key; allowed are {', '.join(names)}"
            raise error_at(key_node, reason, key)
        if key in found:
            raise error_at(key_node, f"{what} has this key twice", key)
        found[key] = value
    return found


def bool_of(node: Node) -> bool | None:
    """The boolean an unquoted true/false, yes/no or on/off stands for; None for the rest."""
    if isinstance(node, ScalarNode) and node.tag == _BOOL:
        return node.value.lower() in {"true", "yes", "on"}
    return None


def number_of(node: Node) -> float | None:
    """The value of an unquoted plain number; None for everything else, infinity included."""
    if not isinstance(node, ScalarNode) or node.tag not in _NUMBERS:
        return None
    try:
        return float(node.value)
    except ValueError:
        return None


def is_integer(node: Node) -> bool:
    """Whether an unquoted whole number stands there."""
    return node.tag == _TAG + "int"


def text_of(node: Node, what: str, longest: int = 1000) -> str:
    """The text of a scalar with its white space evened out. Raises `PackError`."""
    if not isinstance(node, ScalarNode):
        raise error_at(node, f"{what} must be a piece of text, not a list or a block of keys")
    if node.tag == _BOOL:
        hint = f'put it in quotes: "{node.value}"'
        raise error_at(node, f"YAML reads {node.value} as true or false; if text is meant, {hint}")
    if node.tag not in _TEXTS | _NUMBERS | {_NULL}:
        raise error_at(node, f"YAML tags such as {node.tag} are not allowed here")
    if node.tag == _NULL:
        raise error_at(node, f"{what} must not be empty (if the word null is meant, quote it)")
    return _checked(node, what, longest)


def _checked(node: ScalarNode, what: str, longest: int) -> str:
    written = node.value.replace("_", "") if node.tag in _NUMBERS else node.value
    text = " ".join(written.split())
    if not text:
        raise error_at(node, f"{what} must not be empty")
    if len(text) > longest:
        reason = f"{what} is too long ({len(text)} characters; at most {longest} are allowed)"
        raise error_at(node, reason)
    if any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in text):
        raise error_at(node, f"{what} contains a character that cannot be shown")
    return text


def items(node: Node, what: str, least: int, most: int) -> list[Node]:
    """The entries of a list with `least` to `most` of them. Raises `PackError`."""
    if not isinstance(node, SequenceNode):
        raise error_at(node, f"{what} must be a list, one '- entry' a line or [one, two]")
    if not least <= len(node.value) <= most:
        reason = f"{what} must have {least} to {most} entries and has {len(node.value)}"
        raise error_at(node, reason)
    return list(node.value)
