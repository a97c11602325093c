"""How large a submission is: the options of `--dry-run`, and the question before a large one."""

import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from rrm_queue.actions.input_files import STDIN
from rrm_queue.cli.options.ranges import Numbers, WholeNumbers
from rrm_queue.domain import Tournament
from rrm_queue.estimates import AGREEMENT, Scale
from rrm_queue.text import count, magnitude

Command = TypeVar("Command", bound=Callable[..., Any])

OPTIONS = (
    click.option(
        "--dry-run",
        is_flag=True,
        help="Read and check everything, print what the job would take, store nothing.",
    ),
    click.option(
        "--agreement",
        type=Numbers(0.5, 1),
        default=AGREEMENT,
        show_default=True,
        help="For the estimate: the share of votes that side with the majority of their match.",
    ),
    click.option(
        "--rate",
        type=Numbers(0, min_open=True),
        metavar="VOTES_PER_SECOND",
        help="For the estimate: the speed, if not that of the last job with this judge, or the "
        "published one.",
    ),
    click.option(
        "--gpus",
        type=WholeNumbers(1),
        help="For the estimate: the number of GPUs that reach this speed.",
    ),
    click.option("--yes", is_flag=True, help="Do not ask before a large job."),
)


def sizing_options(command: Command) -> Command:
    """Adds the options; the command gets them by name."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def can_ask(files: Sequence[str], *, yes: bool) -> bool:
    """Whether to ask before a large job: not after --yes, nor without a terminal to ask on."""
    terminal = sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
    return terminal and not yes and STDIN not in files


class LargeJobGate:
    """Asks before a job of more than `most` votes is made; `before` is called before it asks."""

    def __init__(self, scale: Scale, most: int, before: Callable[[], None]) -> None:
        self._scale, self._most, self._before = scale, most, before

    def see(self, tournaments: Sequence[Tournament]) -> None:
        """Adds the tournaments to the estimate."""
        for tournament in tournaments:
            self._scale.add(tournament)

    def pass_through(self) -> None:
        """Raises click.Abort when the job is large and the user does not want it."""
        scale = self._scale
        if scale.votes <= self._most:
            return
        self._before()
        prompts = magnitude(round(scale.tokens.prompt))
        tokens = f", {prompts} prompt tokens" if scale.tokens.prompt else ""
        size = f"{count(scale.matches, 'match')}, about {scale.votes:,.0f} votes{tokens}"
        click.confirm(f"{size} (above {self._most:,}): submit?", abort=True, err=True)
