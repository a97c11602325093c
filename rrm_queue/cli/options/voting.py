"""The options of `rrmq submit` that say how a match is voted on."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from rrm_queue.actions import options
from rrm_queue.cli.options.checked import choice_option, number_option

Command = TypeVar("Command", bound=Callable[..., Any])

OPTIONS = (
    number_option(options.VOTES),
    choice_option(options.ORDER),
    choice_option(options.LAUNCH),
    click.option(
        "--stop",
        metavar="never|decided|lead:M|evidence[:P]",
        help=options.STOP,
    ),
    choice_option(options.ON_NO_VERDICT),
    choice_option(options.ON_REFUSED),
    number_option(options.RESAMPLES),
)


def voting_options(command: Command) -> Command:
    """Adds the options; the command gets them by name."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command
