"""What the page's script makes a tournament's answers, matches and votes of."""

from typing import Any

from rrm_queue.report.contents import Answer, Carried, Cast, Meeting


def payload(held: Carried) -> dict[str, Any]:
    """The tournament as JSON; candidates are meant by number."""
    return {
        "key": held.key,
        "prompt": held.prompt,
        "promptLength": held.prompt_length,
        "reference": held.reference,
        "names": held.names,
        "champion": held.champion,
        "answers": [_answer(answer) for answer in held.answers],
        "matches": [_match(match) for match in held.meetings],
        "played": held.matches,
        "size": held.size,
    }


def _answer(answer: Answer) -> dict[str, Any]:
    standing = None
    if answer.rank is not None:
        standing = {
            "rank": answer.rank,
            "record": f"{answer.wins}–{answer.losses}"  # noqa: RUF001  # as scores are set
            + (f"–{answer.draws}" if answer.draws else ""),  # noqa: RUF001
            "elo": round(answer.elo or 0.0, 1),
            "bt": round(answer.bt or 0.0),
        }
    return {
        "number": answer.number,
        "key": answer.key,
        "generator": answer.generator,
        "gold": answer.gold,
        "length": answer.length,
        "text": answer.text,
        "standing": standing,
    }


def _match(match: Meeting) -> dict[str, Any]:
    return {
        "name": match.name,
        "first": match.first,
        "second": match.second,
        "winner": match.winner,
        "state": match.state,
        "failed": match.failed,
        "coin": match.coin,
        "score": [match.for_first, match.for_second],
        "votes": match.votes,
        "cast": [_cast(cast) for cast in match.cast],
    }


def _cast(cast: Cast) -> dict[str, Any]:
    return {
        "number": cast.number,
        "shownFirst": cast.shown_first,
        "chosen": cast.chosen,
        "says": cast.says,
        "notes": ", ".join(cast.notes),
        "text": cast.text,
    }
