"""Every router of the pages."""

from fastapi import APIRouter

from rrm_queue.web.pages import (
    assets,
    audit,
    compare,
    control,
    fleet,
    job,
    jobs,
    judge,
    sign_in,
    submit,
    tournament,
    tournaments,
)

PAGES: tuple[APIRouter, ...] = (
    assets.router,
    sign_in.router,
    jobs.router,
    job.router,
    tournament.router,
    tournaments.router,
    fleet.router,
    compare.router,
    submit.router,
    control.router,
    audit.router,
    judge.router,
)
