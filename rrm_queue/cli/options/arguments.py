"""The arguments JOB and TOURNAMENT, which a shell completes from the store.

The shell waits for the answer, so it comes soon or not at all. No server is started, and no error
is shown: the verb itself shows it when it is run.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

import click
from click.shell_completion import CompletionItem

from rrm_queue.text import printable

if TYPE_CHECKING:
    from rrm_queue.store.database import Transaction

MOST = 50
"""Up to so many are offered."""

PATIENCE = 2.0  # seconds to wait for the store

_PLAIN = re.compile(r"[\w.:@%+-]+")
"""What a shell takes as one word, quoted or not."""

T = TypeVar("T")


def offered_jobs(
    ctx: click.Context,  # noqa: ARG001  # click calls with all three
    param: click.Parameter,  # noqa: ARG001
    incomplete: str,
) -> list[CompletionItem]:
    """The newest jobs whose ids begin with `incomplete`, with their names."""
    from rrm_queue.store.views.completion import jobs_so

    found = _asked(lambda tx: jobs_so(tx, incomplete, MOST))
    return [
        CompletionItem(job.id, help=f"{job.state}: {printable(job.about)[:60]}")
        for job in found or ()
    ]


def offered_tournaments(
    ctx: click.Context,
    param: click.Parameter,  # noqa: ARG001  # click calls with all three
    incomplete: str,
) -> list[CompletionItem]:
    """The first tournaments of JOB whose ids begin with `incomplete`."""
    from rrm_queue.store.views.completion import keys_so

    job = ctx.params.get("job")
    found = _asked(lambda tx: keys_so(tx, job, incomplete, MOST)) if job else None
    return [CompletionItem(key) for key in found or () if _PLAIN.fullmatch(key)]


job_argument = click.argument("job", metavar="JOB", shell_complete=offered_jobs)


def _asked(question: Callable[["Transaction"], T]) -> T | None:
    """The store's answer; None when there is none in time."""
    answers: list[T] = []

    def ask() -> None:
        # Whatever is wrong, completion is no place to report it.
        with suppress(Exception):
            answers.append(_answer(question))

    asking = Thread(target=ask, daemon=True)
    asking.start()
    asking.join(PATIENCE)
    return answers[0] if answers else None


def _answer(question: Callable[["Transaction"], T]) -> T:
    from rrm_queue.actions.app import App

    with App(start=False) as app, app.begin() as tx:
        return question(tx)
