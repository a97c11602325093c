"""What came of a job: standings, leaderboard, diagnosis, bracket, votes."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from rrm_queue.actions.bracket import read_bracket
from rrm_queue.actions.diagnosis_schema import DiagnosisShape, diagnosis_shape
from rrm_queue.actions.leaderboard_schema import LeaderboardDetailsShape, details_shape
from rrm_queue.actions.results import open_results
from rrm_queue.actions.schemas import (
    ResultShape,
    result_shape,
)
from rrm_queue.actions.vote_schemas import (
    BracketShape,
    MatchDetailsShape,
    MatchShape,
    bracket_shape,
    match_details_shape,
    match_shape,
)
from rrm_queue.actions.votes import check_match, explain_match, open_matches
from rrm_queue.diagnostics.labels import TieLabels
from rrm_queue.web.responses import json_response, lines_response, write_all
from rrm_queue.web.routes.parameters import Job, json_lines
from rrm_queue.web.serving import Served

router = APIRouter(tags=["results"])

WriteOne = Callable[[Mapping[str, Any]], None]
Tournament = Annotated[str, Query(description="The tournament's id in the file.")]
OneTournament = Annotated[
    str | None, Query(description="Only the tournament with this id in the file.")
]


@router.get("/jobs/{job}/results", summary="A job's standings", responses=json_lines(ResultShape))
async def results(
    served: Served,
    job: Job,
    tournament: OneTournament = None,
    intervals: Annotated[
        bool | None,
        Query(description="The uncertainty of ratings; by default where there are few matches."),
    ] = None,
) -> Response:
    """One tournament a line, as `rrmq results --json` prints it."""

    def write(write_one: WriteOne) -> None:
        with open_results(served.app, job, tournament, intervals=intervals) as found:
            for result, ratings in found.tournaments:
                write_one(result_shape(result, ratings))

    return await served.call_heavy(lines_response, write)


@router.get(
    "/jobs/{job}/leaderboard",
    summary="Compare the models that wrote a job's answers",
    response_model=LeaderboardDetailsShape,
)
async def leaderboard(
    served: Served,
    job: Job,
    bootstrap: Annotated[bool, Query(description="Intervals by resampling tournaments.")] = False,
    prior: Annotated[
        bool, Query(description="Rate with the prior, which keeps ratings of few matches moderate.")
    ] = True,
    soft: Annotated[bool, Query(description="Count the probabilities of the votes.")] = False,
    control: Annotated[
        Literal["length", "style"] | None, Query(description="Also rate with control for it.")
    ] = None,
    by: Annotated[Literal["subset"] | None, Query(description="Also each subset.")] = None,
    matrix: Annotated[bool, Query(description="Also who beat whom how often.")] = False,
) -> Response:
    """As `rrmq leaderboard --json` prints it."""
    # Imported here and below: they load SciPy, for which no server need wait when it starts.
    from rrm_queue.actions.leaderboard_details import LeaderboardRequest, read_details
    from rrm_queue.ratings.leaderboard import Method
    from rrm_queue.views.style import Control

    request = LeaderboardRequest(
        Method.BOOTSTRAP if bootstrap else Method.SANDWICH,
        soft,
        prior,
        None if control is None else Control(control),
        by is not None,
        matrix,
    )
    return json_response(
        details_shape(await served.call_heavy(read_details, served.app, job, request))
    )


@router.get(
    "/jobs/{job}/diagnose",
    summary="Check how far a job's judge can be trusted",
    response_model=DiagnosisShape,
)
async def diagnosis(
    served: Served,
    job: Job,
    ties: Annotated[
        TieLabels, Query(description="How to score a pair whose label is a tie.")
    ] = TieLabels.SKIP,
) -> Response:
    """As `rrmq diagnose --json` prints it."""
    from rrm_queue.actions.diagnose import diagnose

    return json_response(diagnosis_shape(*await served.call_heavy(diagnose, served.app, job, ties)))


@router.get("/jobs/{job}/bracket", summary="A knockout's bracket", response_model=BracketShape)
async def bracket(served: Served, job: Job, tournament: OneTournament = None) -> Response:
    """As `rrmq bracket --json` prints it; by default of the first tournament."""
    return json_response(
        bracket_shape(await served.call(read_bracket, served.app, job, tournament))
    )


@router.get(
    "/jobs/{job}/votes",
    summary="A tournament's matches, or the votes of one match",
    responses=json_lines(MatchShape | MatchDetailsShape),
)
async def votes(
    served: Served,
    job: Job,
    tournament: Tournament,
    match: Annotated[
        list[str] | None,
        Query(description="ROUND.PLACE, or given twice: the ids of two candidates."),
    ] = None,
) -> Response:
    """One match a line, as `rrmq votes --json` prints it."""
    if match:
        check_match(match)
        found = await served.call(explain_match, served.app, job, tournament, match)
        return lines_response(write_all(map(match_details_shape, found)))

    def write(write_one: WriteOne) -> None:
        with open_matches(served.app, job, tournament) as listed:
            for one in listed.matches:
                write_one(match_shape(one, listed.candidates))

    return await served.call_heavy(lines_response, write)
