"""The options of exports as words, as every face but the command's takes them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, get_args, get_type_hints

from rrm_queue.errors import Message, Option, UsageFault
from rrm_queue.exports import KINDS


def typed_options(kind: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options with the enum's member for each word.

    Raises UsageFault for an unknown kind and for a word that is none of the option's.
    """
    if kind not in KINDS:
        raise UsageFault(f"no kind of export is called '{kind}': {', '.join(KINDS)}")
    types = get_type_hints(KINDS[kind])
    return {name: _typed(name, value, types.get(name)) for name, value in options.items()}


def _typed(name: str, value: Any, type_: Any) -> Any:
    kinds = [one for one in (type_, *get_args(type_)) if isinstance(one, type)]
    word = next((one for one in kinds if issubclass(one, StrEnum)), None)
    if word is None or value is None:
        return value
    words = [one.value for one in word]
    if value not in words:
        raise UsageFault(Message(Option(name), f" is {', '.join(words)}, not {value!r}"))
    return word(value)
