"""From a handler's signature to the arguments its command takes."""

import inspect
import types
from collections.abc import Callable
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError
from pydantic.fields import FieldInfo
from pydantic_core import SchemaError

from rosey.arguments import Arguments, Parameter
from rosey.values import RestOfLine, kind_of


def arguments_of(handler: Callable[..., Any]) -> Arguments:
    """Reads the signature. Raises TypeError with file, line, parameter and what to do."""
    parameters = list(inspect.signature(handler).parameters.values())
    try:
        if not parameters or parameters[0].kind is not parameters[0].POSITIONAL_OR_KEYWORD:
            raise TypeError("the first parameter of a command is ctx")
        if len(parameters) == 1:
            return Arguments(())
        hints = _hints(handler)
        read = [_parameter(each, hints) for each in parameters[1:]]
        for early in read[:-1]:
            if early.many or early.rest:
                what = "a list" if early.many else "Rest"
                raise TypeError(f"{early.name}: {what} takes all that follows, so it must be last")
    except TypeError as problem:
        raise TypeError(f"{_place(handler)}: {problem}") from problem
    return Arguments(tuple(read))


def _parameter(given: inspect.Parameter, hints: dict[str, Any]) -> Parameter:
    name = given.name.strip("_").replace("_", "-")
    if given.kind is not given.POSITIONAL_OR_KEYWORD:
        raise TypeError(f"{given}: arguments are plain parameters; for several use `list[…]`")
    if given.name not in hints:
        raise TypeError(f"{name} has no type; for one word write `{given.name}: str`")
    if isinstance(given.default, FieldInfo):
        raise TypeError(f"{name}: write Annotated[int, Field(ge=1)] = 1, not `= Field(1, ge=1)`")
    try:
        bare, rest = _bare(hints[given.name])
        many = get_origin(bare) is list
        if many:
            bare, inner = _bare(get_args(bare)[0])
            if inner:
                raise TypeError("Rest is all of the line, so there is no list of it")
        kind = kind_of(bare)
        check = _check(hints[given.name], [kind.example] if many else kind.example)
    except TypeError as problem:
        raise TypeError(f"{name}: {problem}") from problem
    optional = given.default is not given.empty
    return Parameter(name, kind, check, optional, many, rest)


def _bare(hint: Any) -> tuple[Any, bool]:
    """The type without bounds and None, and whether it is the rest of the line."""
    rest = False
    while True:
        if get_origin(hint) is Annotated:
            rest = rest or any(isinstance(each, RestOfLine) for each in hint.__metadata__)
            hint = hint.__origin__
        elif get_origin(hint) in (Union, types.UnionType):
            others = [each for each in get_args(hint) if each is not types.NoneType]
            if len(others) != 1:
                raise TypeError(f"{hint} is more than one type; `… | None` is all that may be")
            (hint,) = others
        else:
            return hint, rest


def _check(hint: Any, example: Any) -> TypeAdapter[Any]:
    """Some bounds show only with a value that they do not fit the type."""
    try:
        check: TypeAdapter[Any] = TypeAdapter(hint)
        check.validate_python(example)
    except ValidationError:
        return check
    except (PydanticUserError, SchemaError) as problem:
        raise TypeError(str(problem)) from problem
    return check


def _hints(handler: Callable[..., Any]) -> dict[str, Any]:
    try:
        return get_type_hints(handler, include_extras=True)
    except NameError as problem:
        raise TypeError(f"{problem}; types of arguments must be known at import") from problem


def _place(handler: Callable[..., Any]) -> str:
    code = getattr(inspect.unwrap(handler), "__code__", None)
    name = getattr(handler, "__name__", repr(handler))
    return f"{code.co_filename}:{code.co_firstlineno}: {name}" if code else name
