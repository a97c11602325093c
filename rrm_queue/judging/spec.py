"""The judge that a command names, and the settings it is sampled with."""

import re
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

from msgspec import structs

from rrm_queue.domain import JudgeSpec
from rrm_queue.errors import UsageFault
from rrm_queue.judging.simulated_skill import parse_skill

RRM = ("rrm-7b", "rrm-32b")
"""The Reward Reasoning Models, judges on SGLang that go by their bare names."""

KNOWN = ("reference", "replay:FILE", "simulated:ACCURACY", "openai:MODEL", *RRM, "sglang:NAME")

_WRITING = {"openai", "sglang"}
"""Kinds of judges that write a text: only they are sampled and follow a template."""

_KINDS = {"reference", "replay", "simulated", "openai", "sglang"}
"""What no model on SGLang may be called here: these are the names of other queues."""

_NAME = re.compile(r"[\w.-]+(?:[/:][\w.-]+)*")
_LONGEST = 1_000_000


def parse_spec(text: str, *, base_url: str, folder: PurePath) -> JudgeSpec:
    """The judge named by `text`.

    `base_url` is where `openai` judges are asked; a replayed file is taken from `folder`, so that a
    worker elsewhere on the machine finds it. Raises UsageFault for anything but a known judge.
    """
    kind, colon, argument = text.strip().partition(":")
    match kind, argument.strip():
        case "reference", "" if not colon:
            return JudgeSpec("reference")
        case "replay", str(file) if file:
            return JudgeSpec("replay", str(folder / file))
        case "simulated", str(skill) if skill:
            return JudgeSpec("simulated", str(parse_skill(skill)))
        case "openai", str(model) if model:
            return JudgeSpec("openai", model, base_url=_checked(base_url))
        case name, "" if not colon and name in RRM:
            return JudgeSpec("sglang", name)
        case "sglang", str(name) if _NAME.fullmatch(name) and name not in _KINDS:
            return JudgeSpec("sglang", name)
        case _:
            raise UsageFault(f"no judge is called {text!r}; there are {', '.join(KNOWN)}")


def writes(spec: JudgeSpec) -> bool:
    """Whether the judge reads a prompt and writes a text; others decide by what the job holds."""
    return spec.kind in _WRITING


def needs_reference(spec: JudgeSpec) -> bool:
    """Whether the judge can only decide prompts that come with a reference answer."""
    if spec.template is None:
        return spec.kind == "reference"
    # Jinja2 takes a while to load, and few judges have a template; as below.
    from rrm_queue.judging.template import wants_reference

    return wants_reference(spec.template)


def needs_gold(spec: JudgeSpec) -> bool:
    """Whether the judge knows how good the answers are; nothing of it travels to any other."""
    return spec.kind == "simulated"


def with_sampling(spec: JudgeSpec, settings: Mapping[str, str]) -> JudgeSpec:
    """The judge with other sampling settings: temperature, top_p, max_tokens, regex.

    Raises UsageFault for a judge that writes no text, an unknown setting or a bad value.
    """
    if settings and spec.kind not in _WRITING:
        raise UsageFault(f"judge {spec} writes no text: it has no sampling settings")
    read: dict[str, Any] = {}
    for name, value in settings.items():
        if name not in _SETTINGS:
            raise UsageFault(f"no sampling setting is called {name!r}; {', '.join(_SETTINGS)} are")
        try:
            read[name] = _SETTINGS[name](value)
        except (ValueError, OverflowError, re.error) as error:
            raise UsageFault(f"{name} cannot be {value!r}: {error}") from error
    return structs.replace(spec, **read)


def with_template(spec: JudgeSpec, source: str) -> JudgeSpec:
    """The judge with a prompt of its own.

    Raises UsageFault for a judge that writes no text and for a bad template.
    """
    if spec.kind not in _WRITING:
        raise UsageFault(f"judge {spec} writes no text: it follows no template")
    from rrm_queue.judging.template import check_template

    check_template(source)
    return structs.replace(spec, template=source)


def _temperature(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 2:
        raise ValueError("it is from 0 to 2")
    return value


def _top_p(text: str) -> float:
    value = float(text)
    if not 0 < value <= 1:
        raise ValueError("it is above 0 and at most 1")
    return value


def _max_tokens(text: str) -> int:
    value = int(text)
    if not 1 <= value <= _LONGEST:
        raise ValueError(f"it is from 1 to {_LONGEST}")
    return value


def _regex(text: str) -> str:
    if not text:
        raise ValueError("it is empty")
    re.compile(text)
    return text


_SETTINGS: dict[str, Callable[[str], object]] = {
    "temperature": _temperature,
    "top_p": _top_p,
    "max_tokens": _max_tokens,
    "regex": _regex,
}


def _checked(base_url: str) -> str:
    """The address without its last slash; raises UsageFault unless it is http(s) without a key."""
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        # What stands before an `@` may be a password.
        shown = f"...@{base_url.rpartition('@')[2]}" if "@" in base_url else base_url
        raise UsageFault(f"{shown!r} is no base URL; it looks like https://host/v1")
    if parts.username or parts.password or parts.query:
        raise UsageFault("the base URL must hold no key or password: it travels with the job")
    return base_url.rstrip("/")
