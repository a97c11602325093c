"""How large a submission is: the options of `--dry-run`, and the question before a large one."""

import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from rrm_queue.domain import Tournament
from rrm_queue.estimates import AGREEMENT, Scale
from rrm_queue.text import count, magnitude

Command = TypeVar("Command", bound=Callable[..., Any])

OPTIONS = (
    click.option(
        "--dry-run", is_flag=True, help="Read and check all, say what it takes, store nothing."
    ),
    click.option(
        "--agreement",
        type=click.FloatRange(0.5, 1),
        default=AGREEMENT,
        show_default=True,
        help="A dry run's guess of how often a vote sides with its match's leaning.",
    ),
    click.option(
        "--rate",
        type=click.FloatRange(0, min_open=True),
        metavar="VOTES_PER_SECOND",
        help="A dry run's pace, if not that of the last job with this judge, or what is published.",
    ),
    click.option(
        "--gpus", type=click.IntRange(1), help="How many GPUs keep that pace, for the GPU hours."
    ),
    click.option("--yes", is_flag=True, help="Do not ask before a large job."),
)


def sizing_options(command: Command) -> Command:
    """Adds the options; the command gets them by name."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def asks(files: Sequence[str], *, yes: bool) -> bool:
    """Whether somebody is there to be asked: never without a terminal."""
    here = sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
    return here and not yes and "-" not in files


class LargeJobGate:
    """Asks before a job of more votes than `above` is made; `before` is called before it asks."""

    def __init__(self, scale: Scale, above: int, before: Callable[[], None]) -> None:
        self._scale, self._above, self._before = scale, above, before

    def see(self, tournaments: Sequence[Tournament]) -> None:
        """Puts them on the scale."""
        for tournament in tournaments:
            self._scale.add(tournament)

    def pass_through(self) -> None:
        """Raises click.Abort when the job is large and not wanted."""
        scale = self._scale
        if scale.votes <= self._above:
            return
        self._before()
        prompts = magnitude(round(scale.tokens.prompt))
        tokens = f", {prompts} prompt tokens" if scale.tokens.prompt else ""
        size = f"{count(scale.matches, 'match')}, about {scale.votes:,.0f} votes{tokens}"
        click.confirm(f"{size} (above {self._above:,}): submit?", abort=True, err=True)
