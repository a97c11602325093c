"""Options of the command line out of the options that `rrm_queue.actions.options` states."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from rrm_queue.actions.options import Choice, WholeNumber
from rrm_queue.cli.options.flags import flag
from rrm_queue.cli.options.ranges import WholeNumbers
from rrm_queue.errors import Option

Command = TypeVar("Command", bound=Callable[..., Any])


def number_option(option: WholeNumber) -> Callable[[Command], Command]:
    """The flag for a whole number, with its limits, default and help."""
    kind = WholeNumbers(option.low, option.high)
    return click.option(
        flag(Option(option.name)), type=kind, default=option.default, help=option.help
    )


def choice_option(option: Choice[Any]) -> Callable[[Command], Command]:
    """The flag for one of some words, with the words, default and help."""
    kind = click.Choice([word.value for word in option.words])
    return click.option(
        flag(Option(option.name)),
        option.name,
        type=kind,
        default=option.default.value,
        help=option.help,
    )
