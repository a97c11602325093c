"""The tournaments of a report, read one at a time, with as much of each as its budget allows."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from rrm_queue import strategies
from rrm_queue.actions.money import amount
from rrm_queue.domain import MatchId, TournamentId
from rrm_queue.reports.contents import Bracket, Tournament
from rrm_queue.reports.size_budget import SizeBudget
from rrm_queue.store.database import Transaction
from rrm_queue.store.views.closeness import lines_of
from rrm_queue.store.views.matches import match_votes
from rrm_queue.store.views.report import closest_matches, ranked_answers
from rrm_queue.store.views.results import candidate_names, names_of, read_tournaments
from rrm_queue.views.closeness import TournamentLine
from rrm_queue.views.jobs import JobView
from rrm_queue.views.matches import RecordedVote, TalliedMatch
from rrm_queue.views.tournaments import Answer, TournamentView

LONGEST = 20_000
"""Characters of a prompt, an answer or a reasoning that a report holds at most."""

MOST_ANSWERS, MOST_MATCHES = 512, 1023
"""Of one tournament: enough for a whole double elimination of so many candidates."""

AT_ONCE = 20
"""Tournaments whose prompts are read by one statement."""

OVERHEAD = 220  # bytes of a match or a vote without its text


class ReportContext(NamedTuple):
    """What a report is read from, its size budget, and whether it holds texts."""

    tx: Transaction
    view: JobView
    budget: SizeBudget
    texts: bool


def tournaments(context: ReportContext, ids: Sequence[TournamentId]) -> Iterator[Tournament]:
    """These tournaments, the closest first; they are read when they are asked for."""
    lines = lines_of(context.tx, context.view.id, ids)
    for begin in range(0, len(lines), AT_ONCE):
        part = lines[begin : begin + AT_ONCE]
        views = read_tournaments(context.tx, [line.id for line in part], longest=LONGEST)
        for line in part:
            context.budget.open()
            yield _tournament(context, line, views[line.id])


def _tournament(context: ReportContext, line: TournamentLine, view: TournamentView) -> Tournament:
    tx, texts, tournament = context.tx, context.texts, line.id
    answers = ranked_answers(tx, tournament, most=MOST_ANSWERS, longest=LONGEST)
    closest = closest_matches(tx, view, MOST_MATCHES)
    context.budget.spend(_bytes(view.prompt) + OVERHEAD * len(answers))
    shown = [_fitted(context, answer) for answer in answers]
    kept = [match for match in closest if context.budget.spend(OVERHEAD)]
    votes = _votes(context, kept)
    matches = [replace(match, cast=votes.get(match.id, ())) for match in kept]
    cost = line.cost(context.view.price)
    return Tournament(
        view=view,
        line=line,
        prompt=view.prompt if texts else None,
        reference=view.reference if view.reference and texts else None,
        names=_names(tx, view, answers),
        answers=shown,
        matches=sorted(matches, key=lambda match: match.position),
        planned=max(view.planned, len(closest)),
        bracket=_bracket(context.view) if len(kept) == len(closest) < MOST_MATCHES else None,
        texts=texts,
        cost=None if cost is None else amount(cost),
    )


def _names(tx: Transaction, view: TournamentView, answers: Sequence[Answer]) -> list[str]:
    """The candidates' names; a statement of its own only where not all answers are shown."""
    if len(answers) < view.size:
        return candidate_names(tx, view.id)
    by_number = sorted(answers, key=lambda answer: answer.number)
    return names_of([(answer.key, answer.generator) for answer in by_number])


def _bracket(view: JobView) -> Bracket | None:
    kind = strategies.bracket_of(view.strategy)
    if kind is None:
        return None
    return Bracket(view.seeding, double=kind is strategies.Bracket.DOUBLE)


def _fitted(context: ReportContext, answer: Answer) -> Answer:
    """The answer, without its text where there is no room for it."""
    text = answer.text or ""
    fits = context.texts and context.budget.spend(_bytes(text), answer=True)
    return answer if fits else replace(answer, text=None)


def _votes(
    context: ReportContext, matches: Sequence[TalliedMatch]
) -> dict[MatchId, list[RecordedVote]]:
    """The votes of these matches, until the budget is spent."""
    found: dict[MatchId, list[RecordedVote]] = defaultdict(list)
    longest = LONGEST if context.texts else 0
    for match, vote in match_votes(context.tx, [one.id for one in matches], longest=longest):
        if not context.budget.spend(OVERHEAD + _bytes(vote.text)):
            break
        found[match].append(vote)
    return found


def _bytes(text: str) -> int:
    return len(text.encode())
