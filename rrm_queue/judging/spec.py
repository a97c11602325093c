"""The judge that a command names, and the settings it is sampled with."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

from msgspec import DecodeError, json, structs

from rrm_queue.domain import JudgeSpec
from rrm_queue.domain.judging import jury_spec
from rrm_queue.errors import Message, Option, UsageFault
from rrm_queue.judging.dialects import find_dialect
from rrm_queue.judging.kinds import dialect_of, find_judge, kind_of

_LONGEST = 1_000_000

LONGEST_CRITERIA = 100_000
"""The most characters of a judge's criteria: they are sent with every batch."""

_MAY_BE_LEFT_OUT = ("temperature", "top_p", "max_tokens", "seed")
_OURS = {"model", "messages", "stream", "n", "sampling_seed", "max_new_tokens", "stream_interval"}
_MOST_EXTRA = 16_384  # bytes
_FIELD = re.compile(r"[\w.-]{1,100}")
_WORD = re.compile(r"[A-Za-z][\w.-]*")


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


def takes_criteria(spec: JudgeSpec) -> bool:
    """Whether the judge's prompt has a place for criteria; people are shown them."""
    if spec.template is None:
        return kind_of(spec).by_people
    from rrm_queue.judging import template

    return template.takes_criteria(spec.template)


def needs_criteria(spec: JudgeSpec) -> bool:
    """Whether every prompt must bring criteria of its own."""
    if spec.template is None or spec.criteria is not None:
        return False
    from rrm_queue.judging.template import wants_criteria

    return wants_criteria(spec.template)


def with_sampling(spec: JudgeSpec, settings: Mapping[str, str]) -> JudgeSpec:
    """The judge with other sampling settings: temperature, top_p, max_tokens, regex.

    An empty value leaves the parameter out of the requests, that of `seed` too. Raises UsageFault
    for a judge that writes no text, an unknown setting or a bad value.
    """
    if settings and not kind_of(spec).writes:
        raise UsageFault(f"judge {spec} writes no text: it has no sampling settings")
    read: dict[str, Any] = {}
    omit = [name for name in _MAY_BE_LEFT_OUT if not settings.get(name, "x").strip()]
    for name, value in settings.items():
        if name in omit:
            continue
        if name not in _SETTINGS:
            raise UsageFault(
                f"unknown sampling setting {name!r}; choose one of {', '.join(_SETTINGS)}"
            )
        try:
            read[name] = _SETTINGS[name](value)
        except (ValueError, OverflowError, re.error) as error:
            raise UsageFault(f"sampling setting {name}={value} is wrong: {error}") from error
    return structs.replace(spec, **read, omit=(*spec.omit, *omit))


def with_extra(spec: JudgeSpec, fields: Mapping[str, object]) -> JudgeSpec:
    """The judge with more fields in the body of its requests, each a JSON value.

    Raises UsageFault for a judge that writes no text, a field that rrmq sets itself, and for more
    than 16 KiB.
    """
    if fields and not kind_of(spec).writes:
        raise UsageFault(f"judge {spec} writes no text: its requests have no fields")
    for name in fields:
        if name in _OURS:
            raise UsageFault(f"the field {name!r} cannot be added: rrmq sets it itself")
        if name in (*_SETTINGS, *_MAY_BE_LEFT_OUT):
            raise UsageFault(Message(f"set {name} with ", Option("sampling")))
        if not _FIELD.fullmatch(name):
            raise UsageFault(f"{name!r} is no name of a field")
    ordered = dict(sorted({**spec.extra, **fields}.items()))
    try:
        size = len(json.encode(ordered))
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageFault(f"the added fields are no JSON: {error}") from error
    if size > _MOST_EXTRA:
        raise UsageFault(f"the added fields have {size:,} bytes; at most {_MOST_EXTRA:,} may be")
    return structs.replace(spec, extra=ordered)


def field_value(text: str) -> object:
    """The JSON value in `text`; a plain word stands for itself. Raises UsageFault."""
    try:
        return json.decode(text)
    except DecodeError as error:
        if _WORD.fullmatch(text):
            return text
        raise UsageFault(f"{text!r} is no JSON value: {error}") from error


def jury_of(judges: Sequence[JudgeSpec]) -> JudgeSpec:
    """Several judges as one jury. Raises UsageFault for a judge that cannot be in it."""
    for place, judge in enumerate(judges):
        if kind_of(judge).by_people:
            raise UsageFault(
                "people cannot be in a jury: give them a job of their own, and compare the two jobs"
            )
        if kind_of(judge).needs_server:
            raise UsageFault(
                f"{judge} has workers of its own, so it cannot be in a jury; name it openai:MODEL, "
                "with the address of its server and /v1"
            )
        if judge in judges[:place]:
            raise UsageFault(f"{judge} is named twice: a judge is in a jury once")
    return jury_spec(judges)


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


def with_dialect(spec: JudgeSpec, name: str) -> JudgeSpec:
    """The judge that says its verdict in this dialect.

    Raises UsageFault for a judge that writes no text and for an unknown dialect.
    """
    if not kind_of(spec).writes:
        raise UsageFault(f"judge {spec} writes no text: it has no dialect")
    return structs.replace(spec, dialect=find_dialect(name).name)


def with_thinking(spec: JudgeSpec, thinks: bool) -> JudgeSpec:
    """The judge that always, or not always, reasons before a mark such as `</think>`.

    Raises UsageFault for a judge that writes no text.
    """
    if not kind_of(spec).writes:
        raise UsageFault(f"judge {spec} writes no text: it does not think")
    return structs.replace(spec, thinks=thinks)


def with_criteria(spec: JudgeSpec, criteria: str) -> JudgeSpec:
    """The judge that is shown these criteria with every prompt that has none of its own.

    Raises UsageFault for a judge whose prompt has no place for them.
    """
    if not takes_criteria(spec):
        raise UsageFault(
            f"the prompt of judge {spec} has no place for criteria: use a template with the slot "
            "{{ criteria }}"
        )
    if not criteria.strip() or len(criteria) > LONGEST_CRITERIA:
        raise UsageFault(f"criteria are a text of 1 to {LONGEST_CRITERIA:,} characters")
    return structs.replace(spec, criteria=criteria.strip())


def unasked_mark(spec: JudgeSpec) -> str | None:
    """A warning if the judge's prompt never asks for its verdict's mark; None if it does.

    Such a judge may never give a verdict, and each of its votes is paid for several times.
    """
    if not kind_of(spec).writes or spec.regex is not None:
        return None
    dialect = find_dialect(dialect_of(spec))
    if dialect.asked_by(_prompt_text(spec)):
        return None
    return Message(
        f"the judge's prompt never asks for {dialect.mark}, which is read as its verdict: it may "
        "give none. Ask for it in the template, or say how the verdict is written by ",
        Option("dialect"),
    )


def _prompt_text(spec: JudgeSpec) -> str:
    """What the judge's prompt says whatever it is filled with."""
    if spec.template is None:
        from rrm_queue.judging.prompt import ASSISTANT, SYSTEM

        return SYSTEM + ASSISTANT
    from rrm_queue.judging import template

    return template.spoken(spec.template)


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


def _seed(_text: str) -> str:
    raise ValueError("each vote has a seed of its own; leave it empty to send none")


_SETTINGS: dict[str, Callable[[str], object]] = {
    "temperature": _temperature,
    "top_p": _top_p,
    "max_tokens": _max_tokens,
    "regex": _regex,
    "seed": _seed,
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
