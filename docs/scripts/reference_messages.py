"""The page of the messages that cross a process."""

import inspect
from collections.abc import Iterator
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin
from uuid import UUID

import msgspec

from rrm_queue import messages

HEAD = """# The messages

A coordinator sends a `JudgeBatch` to a worker, and the worker sends `Outcomes` back. Both are
[MessagePack](https://msgpack.org) maps. `type` is the message's tag with its version; an unknown
tag is refused. A field with a default may be absent. [How it works](../how-it-works.md) says when
they are sent."""


def page() -> str:
    """The page: what travels by itself first, then what it holds, in the order of the code."""
    own = [
        struct
        for name, struct in inspect.getmembers(messages, inspect.isclass)
        if issubclass(struct, msgspec.Struct)
        and struct.__module__.startswith(messages.__name__)
        and not name.startswith("_")
    ]
    structs = list(dict.fromkeys(struct for one in own for struct in _with_held(one)))
    structs.sort(key=_place)
    return "\n\n".join([HEAD, *(part for struct in structs for part in _described(struct))])


def _with_held(kind: Any) -> Iterator[type[msgspec.Struct]]:
    """The structs of a type, and those that they hold."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield kind
        parts = [field.type for field in msgspec.structs.fields(kind)]
    else:
        parts = list(get_args(kind))
    for part in parts:
        yield from _with_held(part)


def _place(struct: type[msgspec.Struct]) -> tuple[bool, bool, int]:
    inner = struct.__module__ != messages.__name__
    return not _tag(struct), inner, inspect.getsourcelines(struct)[1]


def _described(struct: type[msgspec.Struct]) -> Iterator[str]:
    yield f"## {struct.__name__}"
    if _tag(struct):
        yield f"`type` is `{_tag(struct)}`."
    yield inspect.cleandoc(struct.__doc__ or "")
    yield "\n".join(
        ["| field | type | default |", "|---|---|---|"]
        + [
            f"| `{field.encode_name}` | {_type(field.type)} | {_default(field)} |"
            for field in msgspec.structs.fields(struct)
        ]
    )


def _tag(struct: type[msgspec.Struct]) -> str:
    return str(struct.__struct_config__.tag or "")


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return ""
    if field.default_factory is not msgspec.NODEFAULT:
        return "empty"
    value = field.default
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return f"`{value}`" if value not in ("", ()) else "empty"


def _type(kind: Any) -> str:
    """The type in words."""
    if get_origin(kind) in (UnionType, Union):
        return " or ".join(_type(part) for part in get_args(kind))
    if get_origin(kind) is dict:
        return "object"
    if get_origin(kind) in (list, tuple):
        return f"list of {_type(get_args(kind)[0])}"
    if kind is NoneType:
        return "null"
    if issubclass(kind, StrEnum):
        return ", ".join(f"`{word.value}`" for word in kind)
    if issubclass(kind, msgspec.Struct):
        return f"[{kind.__name__}](#{kind.__name__.lower()})"
    return _WORDS[kind]


_WORDS: dict[type, str] = {
    str: "text",
    bool: "true or false",
    int: "whole number",
    float: "number",
    bytes: "bytes",
    UUID: "UUID",
}
