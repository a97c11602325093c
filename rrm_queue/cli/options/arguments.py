"""The arguments JOB and TOURNAMENT, which a shell completes from the store, and the newest job.

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
    from rrm_queue.actions.app import App

MOST = 50
"""Up to so many are offered."""

PATIENCE = 2.0  # seconds to wait for the store

_PLAIN = re.compile(r"[\w.:@%+-]+")
"""What a shell takes as one word, quoted or not."""

T = TypeVar("T")


def complete_job(
    ctx: click.Context,  # noqa: ARG001  # click calls with all three
    param: click.Parameter,  # noqa: ARG001
    incomplete: str,
) -> list[CompletionItem]:
    """The newest jobs whose ids begin with `incomplete`, with their names."""
    from rrm_queue.actions.completion import offered_jobs

    return [
        CompletionItem(job.id, help=f"{job.state}: {printable(job.about)[:60]}")
        for job in _answer(lambda: offered_jobs(incomplete, MOST))
    ]


def complete_tournament(
    ctx: click.Context,
    param: click.Parameter,  # noqa: ARG001  # click calls with all three
    incomplete: str,
) -> list[CompletionItem]:
    """The first tournaments of JOB whose ids begin with `incomplete`."""
    from rrm_queue.actions.completion import offered_tournaments

    job = ctx.params.get("job")
    found = _answer(lambda: offered_tournaments(job, incomplete, MOST)) if job else []
    return [CompletionItem(key) for key in found if _PLAIN.fullmatch(key)]


job_argument = click.argument("job", metavar="JOB", shell_complete=complete_job)

viewed_job_argument = click.argument(
    "job", metavar="[JOB]", required=False, shell_complete=complete_job
)
"""JOB of a verb that only looks; without it `viewed_job` takes the newest."""


def viewed_job(app: "App", job: str | None) -> str:
    """The job as it was given, or else the newest, which stderr then names.

    Raises JobNotFound where there is no job.
    """
    if job is not None:
        return job
    from rrm_queue.actions.jobs import newest

    view = newest(app)
    about = printable(view.name or view.source)
    click.echo(f"job {view.id}, the newest: {about}", err=True)
    return view.id


def _answer(question: Callable[[], list[T]]) -> list[T]:
    """The store's answer; nothing when there is none in time."""
    answers: list[T] = []

    def ask() -> None:
        # Whatever is wrong, completion is no place to report it.
        with suppress(Exception):
            answers.extend(question())

    asking = Thread(target=ask, daemon=True)
    asking.start()
    asking.join(PATIENCE)
    return answers
