"""`rrmq vote`: a person judges matches in the terminal, by single keys."""

import getpass
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import NoReturn

import click
from rich.console import Console

from rrm_queue.actions.app import App
from rrm_queue.actions.people import (
    Turn,
    cast_vote,
    page_of,
    person_named,
    skip_match,
    stop_judging,
    take_match,
    undo_vote,
)
from rrm_queue.cli import exit_codes
from rrm_queue.cli.keys import key_reader
from rrm_queue.cli.options.arguments import job_argument
from rrm_queue.cli.render.judging import rest_line, turn_view
from rrm_queue.cli.render.people import people_view
from rrm_queue.cli.render.terminal import screen
from rrm_queue.domain import JobId, Verdict
from rrm_queue.errors import Conflict, RrmqError, UsageFault

VERDICTS = {"1": Verdict.FIRST, "2": Verdict.SECOND, "t": Verdict.TIE, "0": Verdict.TIE}
"""The verdict of each key."""

SKIP, UNDO, QUIT = "s", "u", "q"


@click.command("vote")
@job_argument
@click.option("--as", "person", metavar="NAME", help="Your name, which your votes carry.")
def command(job: str, person: str | None) -> int:
    """Judge the matches of JOB, which people judge, in this terminal.

    Each match is shown blind: no names, no votes of others. Press 1 or 2 for the better answer, t
    for a tie, s to skip, u to take the last vote back, and q to quit. The last vote can be taken
    back for a minute, until your next vote, or until nothing else is left for you. When you leave,
    also by Ctrl-C, your match goes to others.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageFault(
            f"voting needs a terminal; in a browser, open {page_of(job)} of the server that "
            "`rrmq serve` starts"
        )
    name = person_named(person or click.prompt("Your name", default=getpass.getuser()))
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)
    with App() as app:
        return _judge(app, job, name, screen())


def _interrupted(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001  # so called
    raise KeyboardInterrupt


def _judge(app: App, job: str, name: str, console: Console) -> int:
    """Shows matches until none is left or the person leaves, which gives a match back."""
    turn = take_match(app, job, name)
    try:
        with key_reader() as next_key:
            while turn.match is not None:
                console.print(*turn_view(turn, turn.match, console.width), sep="\n")
                if not _pressed(app, turn, turn.match.lease, console, next_key):
                    return exit_codes.OK
                turn = take_match(app, job, name)
    except (KeyboardInterrupt, EOFError):
        return exit_codes.INTERRUPTED
    finally:
        with suppress(RrmqError):  # the job was deleted meanwhile
            stop_judging(app, job, name, turn.match and turn.match.lease)
    console.print(rest_line(turn))
    if turn.view.state.ended:
        _agreement(app, turn.view.id, console)
    return exit_codes.OK


def _pressed(
    app: App, turn: Turn, lease: str, console: Console, next_key: Callable[[], str]
) -> bool:
    """Does what the next known key says; False to leave."""
    while True:
        key = next_key()
        if key == QUIT:
            return False
        try:
            if key in VERDICTS:
                cast_vote(app, lease, VERDICTS[key], hold=True)
            elif key == SKIP:
                skip_match(app, lease)
            elif key == UNDO and turn.undo is not None:
                undo_vote(app, turn.undo)
            else:
                continue
        except Conflict as late:
            console.print(str(late), style="yellow")
        return True


def _agreement(app: App, job: JobId, console: Console) -> None:
    """How far people agree; it is shown when all is judged, as it could sway them before."""
    from rrm_queue.actions.diagnose import diagnose

    for part in people_view(diagnose(app, job).diagnosis.people):
        console.print(part)
