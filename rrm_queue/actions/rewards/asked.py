"""A request for rewards, checked and made into a tournament and the job that it belongs to."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from msgspec import structs

from rrm_queue.actions.judges import JudgeFiles
from rrm_queue.actions.open_jobs import open_key, refuse_own_pairs
from rrm_queue.actions.request import SubmitOptions, request_of
from rrm_queue.domain import Candidate, Tournament
from rrm_queue.domain.queues import ONLINE_PRIORITY
from rrm_queue.errors import BadInput, Problem, UsageFault
from rrm_queue.intake.formats.base import Empty
from rrm_queue.intake.formats.entrants import answer_text
from rrm_queue.intake.formats.fields import criteria, identifier, kind, optional_score, reference
from rrm_queue.intake.formats.messages import prose
from rrm_queue.intake.formats.own import OWN
from rrm_queue.intake.needs import Needs
from rrm_queue.intake.submission_key import named
from rrm_queue.store.queue.submission import NewJob
from rrm_queue.text import printable
from rrm_queue.views.rewards import RewardFormula

FEWEST_COMPLETIONS = 2

ALL_PAIRS = 16
"""The most answers of which all pairs are judged, unless a strategy is given."""

SOURCE = "rewards"
"""What a request is called in messages, and the source of the job that is made for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardRequest:
    """What a caller asks for, as it gives it; nothing is checked yet.

    `completions` are texts, lists of chat messages, or objects `{"text", "gold"?}`. `id` names the
    group: the same id with the same content is the same request. `job` is an open job, by its id or
    its name; without it one is made for all requests with these options. `options` are those of a
    submission that the request states, by name.
    """

    prompt: object
    completions: Sequence[object]
    reference: object = None
    criteria: object = None
    id: str | None = None
    job: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    formula: RewardFormula = field(default_factory=RewardFormula)


@dataclass(frozen=True, slots=True)
class Group:
    """A group of answers; the key of each candidate names the places of its text, such as `0,3`.

    `places` is how many answers the group has. Equal ones are one candidate.
    """

    tournament: Tournament
    places: int

    @property
    def equal(self) -> bool:
        """Whether all answers are the same text: then there is nothing to judge."""
        return len(self.tournament.candidates) == 1


@dataclass(frozen=True, slots=True)
class OwnJob:
    """The open job that is made for requests with the same options, and what finds it again."""

    job: NewJob
    key: str
    needs: Needs
    has_endpoint: bool


def group_of(request: RewardRequest) -> Group:
    """The request's answers as a tournament. Raises BadInput."""
    try:
        candidates = _candidates(request.completions)
        tournament = Tournament(
            key=identifier(request.id, "id") or "",
            prompt=prose(request.prompt, "prompt"),
            candidates=distinct(enumerate(candidates)),
            line=0,
            reference=reference(request.reference),
            criteria=criteria(request.criteria),
        )
    except Problem as problem:
        raise BadInput(SOURCE, [problem]) from problem
    return Group(named(tournament), len(candidates))


def ranked_group(row: Mapping[str, Any]) -> Group:
    """The tournament of a row as a file has it, named by its content. Raises BadInput."""
    try:
        parsed = OWN.parse(dict(row), "", 0, Empty.REFUSE)
    except Problem as problem:
        raise BadInput("rows", [Problem(problem.reason, 1)]) from problem
    return Group(named(parsed.tournament), len(parsed.tournament.candidates))


def own_job(
    options: Mapping[str, Any], answers: int, openai_base_url: str, files: JudgeFiles
) -> OwnJob:
    """The job for requests with these options and so many different answers. Raises UsageFault."""
    strategy = options.get("strategy") or default_strategy(answers)
    given = SubmitOptions(**{"priority": ONLINE_PRIORITY, **options, "strategy": strategy})
    request = request_of(given, openai_base_url, files)
    refuse_own_pairs(request)
    job = structs.replace(request.job(SOURCE), open=True, ephemeral=True)
    return OwnJob(job, open_key(job, None), request.needs, request.has_endpoint)


def fitting(needs: Needs, group: Group) -> Group:
    """The group as its judge reads it, without criteria that it is not shown.

    Raises BadInput when the group has not what its judge needs.
    """
    if lack := needs.lack(group.tournament):
        raise BadInput(SOURCE, [Problem(lack)])
    if group.tournament.criteria is None or needs.takes_criteria:
        return group
    return replace(group, tournament=structs.replace(group.tournament, criteria=None))


def refuse_options(job: str | None, options: Mapping[str, Any]) -> None:
    """Raises UsageFault for options beside a job, which has its own."""
    if job is not None and options:
        named = ", ".join(sorted(options))
        raise UsageFault(f"{named}: the job {printable(job)} has its own; leave it out")


def default_strategy(answers: int) -> str:
    """How a group of so many answers is compared: all pairs of few, some of many."""
    return "elo" if answers <= ALL_PAIRS else "sampled"


def places_of(keys: Sequence[str]) -> dict[int, int]:
    """The candidate's number at each place of the group, by place.

    Of a tournament that no request for rewards made each candidate has its own place.
    """
    try:
        places = {int(place): number for number, key in enumerate(keys) for place in key.split(",")}
    except ValueError:
        places = {}
    if set(places.values()) != set(range(len(keys))):
        return {number: number for number in range(len(keys))}
    return dict(sorted(places.items()))


def _candidates(completions: Sequence[object]) -> list[Candidate]:
    if isinstance(completions, str) or not isinstance(completions, Sequence):
        raise Problem(f"`completions` is {kind(completions)}, expected a list of answers")
    if len(completions) < FEWEST_COMPLETIONS:
        raise Problem(f"`completions` has {len(completions)}; rewards need at least two answers")
    return [candidate_of(one, f"completions[{place}]") for place, one in enumerate(completions)]


def candidate_of(value: object, place: str) -> Candidate:
    """An answer; `place` is what messages call it. Raises Problem.

    A policy may write anything: what no store and no judge takes is shown as U+FFFD.
    """
    value, gold = _storable(value), None
    if isinstance(value, dict):
        gold = value.get("gold")
        gold = None if gold is None else optional_score(gold, f"{place}.gold")
        value, place = value.get("text"), f"{place}.text"
    return Candidate("", answer_text(value, place, Empty.KEEP) or "", gold=gold)


_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def _storable(value: object) -> object:
    """The value with every NUL and lone surrogate in its texts replaced."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, list):
        return [_storable(part) for part in value]
    if isinstance(value, dict):
        return {name: _storable(part) for name, part in value.items()}
    return value


def distinct(answers: Iterable[tuple[int, Candidate]]) -> tuple[Candidate, ...]:
    """A candidate for each text among answers at places; its key names the places of the text."""
    places: dict[str, list[str]] = {}
    golds: dict[str, float | None] = {}
    for place, one in answers:
        places.setdefault(one.text, []).append(str(place))
        golds.setdefault(one.text, one.gold)
    return tuple(
        Candidate(",".join(found), text, gold=golds[text]) for text, found in places.items()
    )
