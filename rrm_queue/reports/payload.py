"""The data of a tournament that the page's script shows: its answers, matches and votes."""

from typing import Any

from rrm_queue.domain import Verdict
from rrm_queue.reports.contents import Tournament
from rrm_queue.text import printable
from rrm_queue.views.matches import RecordedVote, TalliedMatch
from rrm_queue.views.tournaments import Answer


def payload(held: Tournament) -> dict[str, Any]:
    """The tournament as JSON; candidates are given by number."""
    return {
        "key": printable(held.view.key),
        "prompt": held.prompt,
        "promptLength": len(held.view.prompt),
        "reference": held.reference,
        "names": [printable(name) for name in held.names],
        "champion": held.view.champion,
        "answers": [_answer(answer) for answer in held.answers],
        "matches": [_match(match, texts=held.texts) for match in held.matches],
        "played": held.planned,
        "size": held.view.size,
    }


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "number": answer.number,
        "key": printable(answer.key),
        "generator": printable(answer.generator) if answer.generator else None,
        "gold": answer.gold,
        "length": answer.length,
        "text": answer.text,
        "standing": _standing(answer),
    }


def _standing(answer: Answer) -> dict[str, Any] | None:
    line = answer.standing
    if line is None:
        return None
    scores = [line.wins, line.losses, *([line.draws] if line.draws else [])]
    return {
        "rank": line.rank,
        "record": "–".join(map(str, scores)),  # noqa: RUF001  # as scores are set
        "elo": round(line.elo, 1),
        "bt": round(line.bt),
    }


def _match(match: TalliedMatch, *, texts: bool) -> dict[str, Any]:
    return {
        "name": match.name,
        "first": match.first,
        "second": match.second,
        "winner": match.winner,
        "state": match.ending,
        "failed": match.failed,
        "coin": match.by_coin,
        "score": [match.for_first, match.for_second],
        "votes": match.votes,
        "cast": [_vote(match, vote, texts=texts) for vote in match.cast],
    }


def _vote(match: TalliedMatch, vote: RecordedVote, *, texts: bool) -> dict[str, Any]:
    return {
        "number": vote.number,
        "shownFirst": match.shown(vote)[0],
        "chosen": match.chosen(vote),
        "says": vote_words(vote),
        "notes": ", ".join(vote.facts),
        "text": vote.text if texts else None,
    }


def vote_words(vote: RecordedVote) -> str:
    """What a vote for neither candidate says."""
    if vote.verdict is Verdict.NONE:
        return f"no verdict: {vote.no_verdict or 'no reason given'}"
    return "a tie"
