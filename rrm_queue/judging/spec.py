"""The judge that a command names, and the settings it is sampled with."""

import re
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

from msgspec import structs

from rrm_queue.domain import JudgeSpec
from rrm_queue.errors import UsageFault
from rrm_queue.judging.kinds import find_judge, kind_of

_LONGEST = 1_000_000


def parse_spec(text: str, *, base_url: str, folder: PurePath) -> JudgeSpec:
    """The judge named by `text`.

    `base_url` is the address for judges with an endpoint. A relative file is looked for in `folder`
    and stored with its full path, so that a worker finds it. Raises UsageFault for unknown judges.
    """
    kind, argument = find_judge(text)
    if kind.argument_is_file:
        argument = str(folder / argument)
    return JudgeSpec(
        kind.name,
        kind.stored_argument(argument),
        base_url=_checked(base_url) if kind.has_endpoint else None,
    )


def needs_reference(spec: JudgeSpec) -> bool:
    """Whether the judge can only decide prompts that come with a reference answer."""
    if spec.template is None:
        return kind_of(spec).needs_reference
    # Imported here and below: Jinja2 loads slowly, and few judges have a template.
    from rrm_queue.judging.template import wants_reference

    return wants_reference(spec.template)


def with_sampling(spec: JudgeSpec, settings: Mapping[str, str]) -> JudgeSpec:
    """The judge with other sampling settings: temperature, top_p, max_tokens, regex.

    Raises UsageFault for a judge that writes no text, an unknown setting or a bad value.
    """
    if settings and not kind_of(spec).writes:
        raise UsageFault(f"judge {spec} writes no text: it has no sampling settings")
    read: dict[str, Any] = {}
    for name, value in settings.items():
        if name not in _SETTINGS:
            raise UsageFault(
                f"unknown sampling setting {name!r}; choose one of {', '.join(_SETTINGS)}"
            )
        try:
            read[name] = _SETTINGS[name](value)
        except (ValueError, OverflowError, re.error) as error:
            raise UsageFault(f"sampling setting {name}={value} is wrong: {error}") from error
    return structs.replace(spec, **read)


def with_logprobs(spec: JudgeSpec) -> JudgeSpec:
    """The judge, asked for the log probabilities of its tokens.

    Raises UsageFault for a judge that writes no text.
    """
    if not kind_of(spec).writes:
        raise UsageFault(f"judge {spec} writes no text: it has no log probabilities")
    return structs.replace(spec, logprobs=True)


def with_template(spec: JudgeSpec, source: str) -> JudgeSpec:
    """The judge with a prompt of its own.

    Raises UsageFault for a judge that writes no text and for a bad template.
    """
    if not kind_of(spec).writes:
        raise UsageFault(f"judge {spec} writes no text: it follows no template")
    from rrm_queue.judging.template import check_template

    check_template(source)
    return structs.replace(spec, template=source)


def _temperature(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 2:
        raise ValueError("it must be from 0 to 2")
    return value


def _top_p(text: str) -> float:
    value = float(text)
    if not 0 < value <= 1:
        raise ValueError("it must be above 0 and at most 1")
    return value


def _max_tokens(text: str) -> int:
    value = int(text)
    if not 1 <= value <= _LONGEST:
        raise ValueError(f"it must be from 1 to {_LONGEST}")
    return value


def _regex(text: str) -> str:
    if not text:
        raise ValueError("it must not be empty")
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
        # The part before an `@` may be a password.
        shown = f"...@{base_url.rpartition('@')[2]}" if "@" in base_url else base_url
        raise UsageFault(f"{shown!r} is not a base URL; one looks like https://host/v1")
    if parts.username or parts.password or parts.query:
        raise UsageFault("the base URL must hold no key or password: it travels with the job")
    return base_url.rstrip("/")
