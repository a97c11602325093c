"""Every router of the pages."""

from fastapi import APIRouter

from rrm_queue.web.pages import assets, control, job, jobs, judge, sign_in

PAGES: tuple[APIRouter, ...] = (
    assets.router,
    sign_in.router,
    jobs.router,
    job.router,
    control.router,
    judge.router,
)
