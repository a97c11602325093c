"""The options that say how answers are judged and ranked: of `rrmq submit` and `rrmq open`."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from rrm_queue.actions import options
from rrm_queue.cli.options.checked import choice_option, number_option
from rrm_queue.cli.options.judge import JUDGES, asking_options, price_option
from rrm_queue.cli.options.voting import voting_options
from rrm_queue.strategies import NAMES as STRATEGIES
from rrm_queue.strategies.adaptive import CONFIDENCE, MATCHES_EACH

Command = TypeVar("Command", bound=Callable[..., Any])

OPTIONS = (
    click.option(
        "--strategy",
        default="knockout",
        help=f"How to rank: {', '.join(STRATEGIES)}; "
        "sampled, swiss and pivot may be followed by :NUMBER, adaptive by :best or :order.",
    ),
    click.option(
        "--confidence",
        type=float,
        help="adaptive ends a tournament when it is so sure of the best, or of the order; "
        f"{CONFIDENCE:g} by default.",
    ),
    click.option(
        "--budget",
        type=int,
        help="The most votes that adaptive spends on a tournament; by default "
        f"{MATCHES_EACH} matches for each answer.",
    ),
    click.option(
        "--judge",
        multiple=True,
        default=("reference",),
        help=f"{JUDGES} Given several times, it is a jury: each judge votes on every match.",
    ),
    voting_options,
    asking_options,
    number_option(options.SEED),
    choice_option(options.SEEDING),
    click.option("--name", help="A name for the job."),
    number_option(options.PRIORITY),
    price_option,
    click.option(
        "--max-cost",
        type=float,
        help="Pause the job before it has cost more than this, in the unit of --price.",
    ),
    click.option(
        "--keep-going",
        is_flag=True,
        help="Do not pause the job when the judge rejects the first matches, or gives no verdict "
        "in nine of ten of the first 50 votes.",
    ),
)


def judging_options(command: Command) -> Command:
    """Adds the options; the command gets them by name."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command
