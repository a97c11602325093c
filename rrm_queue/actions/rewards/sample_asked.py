"""One answer of a cohort as a caller asks for its reward, checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rrm_queue.actions.rewards.asked import SOURCE, OwnJob, candidate_of
from rrm_queue.actions.rewards.series import series_name
from rrm_queue.domain import Candidate
from rrm_queue.errors import BadInput, Problem
from rrm_queue.intake.formats.fields import criteria, identifier, reference
from rrm_queue.intake.formats.messages import prose
from rrm_queue.views.cohorts import FEWEST_ANSWERS, Partial
from rrm_queue.views.rewards import RewardFormula

MOST = 4000
"""The most answers of a cohort."""

TIMEOUT = 600.0
"""Seconds for which a cohort gathers, counted from its first answer, unless told otherwise."""

MOST_TIMEOUT = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRequest:
    """One answer of a cohort, as a caller gives it; nothing is checked yet.

    Without `group` it is one of the next `size` answers to the same prompt; see `series`. `index`
    is the answer's place from 0. Without it the answer is known by its text. All else is as in
    `RewardRequest`.
    """

    group: str | None
    size: int
    prompt: object
    completion: object
    index: int | None = None
    reference: object = None
    criteria: object = None
    job: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    formula: RewardFormula = field(default_factory=RewardFormula)
    timeout: float = TIMEOUT
    partial: Partial = Partial.REFUSE


class Gathered(NamedTuple):
    """A checked answer, with what its cohort must be like.

    `name` is that of the cohort, or with `in_series` that of its series.
    """

    job: OwnJob | str
    name: str
    in_series: bool
    size: int
    prompt: str
    reference: str | None
    criteria: str | None
    partial: Partial
    timeout: float
    at: int | None
    answer: Candidate


def gathered_of(request: SampleRequest, job: OwnJob | str) -> Gathered:
    """The request, checked. Raises BadInput."""
    try:
        name = identifier(request.group, "group")
        if not FEWEST_ANSWERS <= request.size <= MOST:
            raise Problem(f"`size` is {request.size}, expected {FEWEST_ANSWERS} to {MOST:,}")
        if request.index is not None and not 0 <= request.index < request.size:
            raise Problem(f"`index` is {request.index}, expected 0 to {request.size - 1}")
        if not 0 < request.timeout <= MOST_TIMEOUT:
            raise Problem(f"`timeout` is {request.timeout:g}, expected up to {MOST_TIMEOUT:g} s")
        prompt = prose(request.prompt, "prompt")
        right, asked_for = reference(request.reference), criteria(request.criteria)
        return Gathered(
            job,
            series_name(prompt, right, asked_for, request.size) if name is None else name,
            name is None,
            request.size,
            prompt,
            right,
            asked_for,
            request.partial,
            request.timeout,
            request.index,
            candidate_of(request.completion, "completion"),
        )
    except Problem as problem:
        raise BadInput(SOURCE, [problem]) from problem
