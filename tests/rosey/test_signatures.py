"""Signatures that cannot be read are refused when the plugin is imported."""

import re
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from rosey import Context, Plugin, Rest
from rosey.signatures import arguments_of


async def only_ctx(ctx: Context) -> None: ...


async def nothing() -> None: ...


async def odd_type(ctx: Context, size: complex) -> None: ...


async def untyped(ctx, size) -> None: ...  # type: ignore[no-untyped-def]


async def two_types(ctx: Context, size: int | str) -> None: ...


async def list_first(ctx: Context, sizes: list[int], colour: str) -> None: ...


async def rest_first(ctx: Context, text: Rest, size: int = 1) -> None: ...


async def list_of_rest(ctx: Context, texts: list[Rest]) -> None: ...


async def list_of_lists(ctx: Context, texts: list[list[str]]) -> None: ...


async def bare_list(ctx: Context, texts: list) -> None: ...  # type: ignore[type-arg]


async def star(ctx: Context, *sizes: int) -> None: ...


async def stars(ctx: Context, **sizes: int) -> None: ...


async def by_name(ctx: Context, *, size: int) -> None: ...


async def field_as_default(ctx: Context, size: int = Field(1, ge=1)) -> None: ...


async def odd_bound(ctx: Context, size: Annotated[int, Field(max_length=3)]) -> None: ...


async def odd_pattern(ctx: Context, word: Annotated[str, Field(pattern="(")]) -> None: ...


async def unknown(ctx: Context, size: "Nowhere") -> None: ...  # type: ignore[name-defined]  # noqa: F821


async def alike(ctx: Context, size: Literal["a", "A"]) -> None: ...


async def odd_choice(ctx: Context, size: Literal[True]) -> None: ...


class Nobody(Enum):
    pass


async def no_choice(ctx: Context, who: Nobody) -> None: ...


@pytest.mark.parametrize(
    ("handler", "told"),
    [
        (nothing, "the first parameter of a command is ctx"),
        (odd_type, "size: complex cannot be typed in chat. Use str, int, float, bool, timedelta"),
        (untyped, "size has no type; for one word write `size: str`"),
        (two_types, "size: int | str is more than one type"),
        (list_first, "sizes: a list takes all that follows, so it must be last"),
        (rest_first, "text: Rest takes all that follows, so it must be last"),
        (list_of_rest, "texts: Rest is all of the line, so there is no list of it"),
        (list_of_lists, "texts: list[str] cannot be typed in chat"),
        (bare_list, "texts: list cannot be typed in chat"),
        (star, "*sizes: int: arguments are plain parameters; for several use `list[…]`"),
        (stars, "**sizes: int: arguments are plain parameters"),
        (by_name, "size: int: arguments are plain parameters"),
        (field_as_default, "size: write Annotated[int, Field(ge=1)] = 1, not"),
        (odd_bound, "size: Unable to apply constraint 'max_length'"),
        (odd_pattern, "word: Error building"),
        (unknown, "name 'Nowhere' is not defined; types of arguments must be known at import"),
        (alike, "size: choices are words or whole numbers that differ without regard to case"),
        (odd_choice, "size: choices are words or whole numbers"),
        (no_choice, "who: Nobody cannot be typed in chat"),
    ],
)
def test_a_signature_that_cannot_be_read(handler: Callable[..., Any], told: str) -> None:
    plugin = Plugin("coin")
    line = handler.__code__.co_firstlineno
    place = re.escape(f"{__file__}:{line}: {handler.__name__}: ")
    with pytest.raises(TypeError, match=place + re.escape(told)):
        plugin.command("flip")(handler)
    assert plugin.commands == []


def test_a_handler_that_takes_nothing_has_no_usage() -> None:
    assert arguments_of(only_ctx).usage == ""
