"""The options that say how answers are judged and ranked: of `rrmq submit` and `rrmq open`."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from rrm_queue.actions import options
from rrm_queue.cli.options.checked import choice_option, number_option
from rrm_queue.cli.options.voting import voting_options
from rrm_queue.judging.kinds import USAGE
from rrm_queue.strategies import NAMES as STRATEGIES

Command = TypeVar("Command", bound=Callable[..., Any])

OPTIONS = (
    click.option(
        "--strategy",
        default="knockout",
        help=f"How to rank: {', '.join(STRATEGIES)}; "
        "sampled, swiss and pivot may be followed by :NUMBER.",
    ),
    click.option("--judge", default="reference", help=f"Who judges: {', '.join(USAGE)}."),
    voting_options,
    click.option(
        "--sampling",
        metavar="KEY=VALUE",
        multiple=True,
        help="A text judge's temperature, top_p, max_tokens or regex; may be given several times.",
    ),
    click.option(
        "--logprobs",
        is_flag=True,
        help="Ask a text judge for its tokens' log probabilities: each vote carries the "
        "probability of the answer shown first.",
    ),
    click.option("--template", metavar="FILE", help="Your own prompt for a text judge (Jinja2)."),
    number_option(options.SEED),
    choice_option(options.SEEDING),
    click.option("--name", help="A name for the job."),
    number_option(options.PRIORITY),
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
