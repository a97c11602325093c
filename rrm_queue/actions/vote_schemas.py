"""The JSON of matches and votes that scripts may rely on; keys are added at the end."""

from collections.abc import Mapping, Sequence

from typing_extensions import TypedDict

from rrm_queue.actions.bracket import JobBracket
from rrm_queue.actions.schemas import Tokens
from rrm_queue.domain import Candidate, CandidateNumber
from rrm_queue.views.matches import MatchDetails, RecordedVote, TalliedMatch

Keys = Sequence[str] | Mapping[CandidateNumber, str]
"""Candidates' keys by number."""

VoteShape = TypedDict(
    "VoteShape",
    {
        "number": int,
        "shown_first": str,
        "verdict": str,
        "for": str | None,
        "no_verdict": str | None,
        "model": str,
        "tokens": Tokens,
        "seconds": float,
        "samples": int,
        "seed": int,
        "reused": bool,
        "neutralised": bool,
        "text": str,
        "margin": int,
        "probability": float | None,
        "judge": str,
        "person": str | None,
    },
)
"""A vote; `shown_first` is the answer in slot 1, `for` the candidate that it is for.

`margin` is 1 for a slight and 2 for a strong preference, 0 if the judge did not say;
`probability` is that of the answer shown first, null where it is not known. `person` is the name of
who cast it, null for a vote of a model.
"""


class AnswerShape(TypedDict):
    """A candidate's answer."""

    candidate: str
    generator: str | None
    text: str


class MatchShape(TypedDict):
    """A match with its counts of votes."""

    match: str
    round: int
    slot: int
    first: str
    second: str
    state: str
    winner: str | None
    decided_by: str | None
    votes: int
    for_first: int
    for_second: int
    error: str | None


class MatchDetailsShape(MatchShape):
    """A match with the prompt, both answers and every vote."""

    prompt: str
    answers: list[AnswerShape]
    cast: list[VoteShape]


class BracketShape(TypedDict):
    """A knockout's bracket: `candidates` in the file's order, and every match."""

    job: str
    tournament: str
    state: str
    champion: str | None
    error: str | None
    candidates: list[str]
    matches: list[MatchShape]


def bracket_shape(found: JobBracket) -> BracketShape:
    """A knockout's bracket."""
    tournament, keys = found.tournament, found.candidates
    return {
        "job": found.view.id,
        "tournament": tournament.key,
        "state": tournament.state,
        "champion": None if tournament.champion is None else keys[tournament.champion],
        "error": tournament.error,
        "candidates": keys,
        "matches": [match_shape(match, keys) for match in found.matches],
    }


def match_shape(match: TalliedMatch, candidates: Keys) -> MatchShape:
    """A match with its counts; `candidates` are keys by number."""
    return {
        "match": match.name,
        "round": match.round,
        "slot": match.slot,
        "first": candidates[match.first],
        "second": candidates[match.second],
        "state": match.state,
        "winner": None if match.winner is None else candidates[match.winner],
        "decided_by": match.decided_by,
        "votes": match.votes,
        "for_first": match.for_first,
        "for_second": match.for_second,
        "error": match.error,
    }


def match_details_shape(details: MatchDetails) -> MatchDetailsShape:
    """A match with the prompt, both answers and every vote."""
    match, candidates = details.match, details.candidates
    keys = {number: candidate.key for number, candidate in candidates.items()}
    return {
        **match_shape(match, keys),
        "prompt": details.prompt,
        "answers": [_answer(candidates[number]) for number in (match.first, match.second)],
        "cast": [_vote(vote, details) for vote in match.cast],
    }


def _answer(candidate: Candidate) -> AnswerShape:
    return {"candidate": candidate.key, "generator": candidate.generator, "text": candidate.text}


def _vote(vote: RecordedVote, details: MatchDetails) -> VoteShape:
    match, candidates = details.match, details.candidates
    chosen = match.chosen(vote)
    return {
        "number": vote.number,
        "shown_first": candidates[match.shown(vote)[0]].key,
        "verdict": vote.verdict,
        "for": None if chosen is None else candidates[chosen].key,
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
        "margin": vote.margin,
        "probability": vote.probability,
        "judge": details.judge_of(vote),
        "person": vote.person,
    }
