"""The options that say how a judge is asked."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from rrm_queue.actions import options
from rrm_queue.actions.money import SPELLING
from rrm_queue.judging.kinds import USAGE

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
    click.option(
        "--logprobs",
        is_flag=True,
        help="Ask a text judge for its tokens' log probabilities: each vote carries the "
        "probability of the answer shown first.",
    ),
    click.option("--template", metavar="FILE", help="Your own prompt for a text judge (Jinja2)."),
    click.option("--dialect", metavar="NAME", help=options.DIALECT),
    click.option("--thinks/--no-thinks", default=None, help=options.THINKS),
    click.option("--criteria", metavar="FILE", help=options.CRITERIA),
)

price_option = click.option(
    "--price",
    metavar=SPELLING,
    help="What the judge costs: for a million tokens, or for an hour of each of N GPUs. The "
    "unit is yours.",
)

JUDGES = (
    f"Who judges: {', '.join(USAGE)}; or a judge of `rrmq judges` or of a file, as NAME@MODEL or "
    "PATH.toml."
)


def asking_options(command: Command) -> Command:
    """Adds the options; the command gets them by name."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command
