"""The tournaments that a report carries, read one at a time, as much of each as it has room for."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rrm_queue import strategies
from rrm_queue.actions.formatting import vote_facts
from rrm_queue.domain import (
    CandidateNumber,
    DecidedBy,
    MatchId,
    MatchState,
    TournamentId,
    TournamentState,
    Verdict,
)
from rrm_queue.report.contents import Answer, Bracket, Carried, Cast, Meeting
from rrm_queue.report.size_budget import SizeBudget
from rrm_queue.store.database import Transaction
from rrm_queue.store.views.report import answers_of, head_of, names_of, telling_matches, votes_of
from rrm_queue.text import printable
from rrm_queue.views import CastVote, Head, JobView, RankedAnswer, Tally

LONGEST = 20_000
"""Characters of a prompt, an answer or a reasoning that a report holds at most."""

MOST_ANSWERS, MOST_MATCHES = 512, 1023
"""Of one tournament; a double elimination of so many candidates is whole."""

OVERHEAD = 220  # bytes of a match or a vote beside its text


class Reading(NamedTuple):
    """From where, of which job, into what purse, and with texts or without."""

    tx: Transaction
    view: JobView
    purse: SizeBudget
    texts: bool


def tournaments(reading: Reading, ids: Sequence[TournamentId]) -> Iterator[Carried]:
    """Each of these tournaments, when it is asked for."""
    for tournament in ids:
        reading.purse.open()
        yield _tournament(reading, head_of(reading.tx, tournament))


def _tournament(reading: Reading, head: Head) -> Carried:
    tx, view = reading.tx, reading.view
    answers = answers_of(tx, head.id, most=MOST_ANSWERS, longest=LONGEST)
    tallies = telling_matches(tx, head.id, MOST_MATCHES)
    reading.purse.pay(_bytes(head.prompt[:LONGEST]) + OVERHEAD * len(answers))
    carried = [_answer(reading, answer) for answer in answers]
    kept = [tally for tally in tallies if reading.purse.pay(OVERHEAD)]
    cast = _cast(reading, kept)
    return Carried(
        key=printable(head.key),
        prompt=head.prompt[:LONGEST] if reading.texts else None,
        prompt_length=len(head.prompt),
        reference=head.reference[:LONGEST] if head.reference and reading.texts else None,
        size=head.size,
        seed=head.seed,
        state=str(head.state),
        failed=head.state is TournamentState.FAILED,
        error=printable(head.error) if head.error else None,
        champion=head.champion,
        names=[printable(name) for name in names_of(tx, head.id)],
        answers=carried,
        meetings=sorted(
            (_meeting(tally, cast.get(tally.id, ())) for tally in kept),
            key=lambda meeting: (meeting.round, meeting.slot),
        ),
        matches=max(head.planned, len(tallies)),
        bracket=_bracket(view) if len(kept) == len(tallies) < MOST_MATCHES else None,
    )


def _bracket(view: JobView) -> Bracket | None:
    kind = strategies.bracket_of(view.strategy)
    if kind is None:
        return None
    return Bracket(view.seeding, double=kind is strategies.Bracket.DOUBLE)


def _answer(reading: Reading, answer: RankedAnswer) -> Answer:
    fits = reading.texts and reading.purse.pay(_bytes(answer.text), answer=True)
    return Answer(
        number=answer.number,
        key=printable(answer.key),
        generator=printable(answer.generator) if answer.generator else None,
        gold=answer.gold,
        length=answer.length,
        text=answer.text if fits else None,
        rank=answer.rank,
        wins=answer.wins,
        losses=answer.losses,
        draws=answer.draws,
        elo=answer.elo,
        bt=answer.bt,
    )


def _meeting(tally: Tally, cast: Sequence[Cast]) -> Meeting:
    return Meeting(
        round=tally.round,
        slot=tally.slot,
        first=tally.first,
        second=tally.second,
        winner=tally.winner,
        done=tally.state is MatchState.DONE,
        failed=tally.state is MatchState.FAILED,
        coin=tally.decided_by == DecidedBy.COIN,
        state=_ending(tally),
        for_first=tally.for_first,
        for_second=tally.for_second,
        votes=tally.votes,
        cast=cast,
    )


def _ending(tally: Tally) -> str:
    """What there is to say in a winner's place."""
    if tally.state is MatchState.FAILED:
        return f"failed: {printable(tally.error or 'no reason given')}"
    return "a draw" if tally.state is MatchState.DONE else str(tally.state)


def _cast(reading: Reading, kept: Sequence[Tally]) -> dict[MatchId, list[Cast]]:
    """The votes of these matches until the purse is empty."""
    found: dict[MatchId, list[Cast]] = defaultdict(list)
    by_id = {tally.id: tally for tally in kept}
    longest = LONGEST if reading.texts else 0
    for match, vote in votes_of(reading.tx, list(by_id), longest=longest):
        if not reading.purse.pay(OVERHEAD + _bytes(vote.text)):
            break
        found[match].append(_vote(vote, by_id[match], texts=reading.texts))
    return found


def _vote(vote: CastVote, tally: Tally, *, texts: bool) -> Cast:
    shown = (tally.second, tally.first) if vote.swapped else (tally.first, tally.second)
    chosen: CandidateNumber | None = None
    says = "a tie"
    match vote.verdict:
        case Verdict.FIRST:
            chosen = shown[0]
        case Verdict.SECOND:
            chosen = shown[1]
        case Verdict.NONE:
            says = f"no verdict: {vote.no_verdict or 'no reason given'}"
    return Cast(vote.number, shown[0], chosen, says, vote_facts(vote), vote.text if texts else None)


def _bytes(text: str) -> int:
    return len(text.encode())
