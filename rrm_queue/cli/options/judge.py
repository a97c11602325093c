"""The options that say how a judge is asked."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from rrm_queue.errors import UsageFault
from rrm_queue.judging.kinds import USAGE
from rrm_queue.judging.spec import field_value

Command = TypeVar("Command", bound=Callable[..., Any])

OPTIONS = (
    click.option(
        "--sampling",
        metavar="KEY=VALUE",
        multiple=True,
        help="A text judge's temperature, top_p, max_tokens or regex; may be given several times. "
        "`KEY=` leaves a parameter out, `seed=` too.",
    ),
    click.option(
        "--extra",
        metavar="KEY=JSON",
        multiple=True,
        help="One more field for the body of a text judge's requests, such as "
        "`reasoning_effort=low`; may be given several times.",
    ),
    click.option("--template", metavar="FILE", help="Your own prompt for a text judge (Jinja2)."),
)

JUDGES = f"Who judges: {', '.join(USAGE)}."


def asking_options(command: Command) -> Command:
    """Adds the options; the command gets them by name."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def sampling_of(words: Sequence[str]) -> dict[str, str]:
    """The settings that `--sampling` gives. Raises UsageFault."""
    return dict(_pair(word, "--sampling temperature=0.2") for word in words)


def extra_of(words: Sequence[str]) -> dict[str, object]:
    """The fields that `--extra` gives. Raises UsageFault."""
    pairs = [_pair(word, "--extra reasoning_effort=low") for word in words]
    return {name: field_value(value) for name, value in pairs}


def _pair(word: str, example: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not equals:
        raise UsageFault(f"{word!r} has no `=`; one looks like {example}")
    return name.strip(), value
