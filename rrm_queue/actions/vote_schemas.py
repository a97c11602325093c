"""The JSON of `rrmq votes`; keys are added at the end, never changed."""

from collections.abc import Sequence
from typing import Any

from rrm_queue.domain import Verdict
from rrm_queue.views import CastVote, GivenAnswer, Reasons, Tally


def match_shape(tally: Tally, candidates: Sequence[str]) -> dict[str, Any]:
    """A match with its counts; `candidates` are keys by number."""
    return _match(tally, candidates[tally.first], candidates[tally.second])


def reasons_shape(why: Reasons) -> dict[str, Any]:
    """A match with the prompt, both answers and every vote."""
    shape = _match(why.tally, why.first.key, why.second.key)
    return shape | {
        "prompt": why.prompt,
        "answers": [_answer(why.first), _answer(why.second)],
        "cast": [_vote(vote, why) for vote in why.votes],
    }


def shown(vote: CastVote, why: Reasons) -> tuple[GivenAnswer, GivenAnswer]:
    """The answers in the order in which the vote saw them."""
    return (why.second, why.first) if vote.swapped else (why.first, why.second)


def chosen(vote: CastVote, why: Reasons) -> GivenAnswer | None:
    """The answer that the vote is for; None for a tie and for no verdict."""
    one, two = shown(vote, why)
    return {Verdict.FIRST: one, Verdict.SECOND: two}.get(vote.verdict)


def _match(tally: Tally, first: str, second: str) -> dict[str, Any]:
    winner = {tally.first: first, tally.second: second, None: None}[tally.winner]
    return {
        "match": f"{tally.round}.{tally.slot}",
        "round": tally.round,
        "slot": tally.slot,
        "first": first,
        "second": second,
        "state": tally.state,
        "winner": winner,
        "decided_by": tally.decided_by,
        "votes": tally.votes,
        "for_first": tally.for_first,
        "for_second": tally.for_second,
        "error": tally.error,
    }


def _answer(answer: GivenAnswer) -> dict[str, Any]:
    return {"candidate": answer.key, "generator": answer.generator, "text": answer.text}


def _vote(vote: CastVote, why: Reasons) -> dict[str, Any]:
    one, _ = shown(vote, why)
    side = chosen(vote, why)
    return {
        "number": vote.number,
        "shown_first": one.key,
        "verdict": vote.verdict,
        "for": None if side is None else side.key,
        "no_verdict": vote.no_verdict,
        "model": vote.model,
        "tokens": {
            "prompt": vote.prompt_tokens,
            "cached": vote.cached_tokens,
            "completion": vote.completion_tokens,
        },
        "seconds": vote.seconds,
        "samples": vote.samples,
        "seed": vote.seed,
        "reused": vote.reused,
        "neutralised": vote.neutralised,
        "text": vote.text,
    }
