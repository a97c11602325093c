"""What follows when answers are added to a tournament that gathers: candidates and matches. Pure.

Such a tournament has every match between the candidates that it has. So its votes are cast while
other answers are still awaited, and with the last answer all pairs are planned.
"""

from collections.abc import Sequence
from typing import NamedTuple

from rrm_queue.domain import Candidate, CandidateNumber, Pairing
from rrm_queue.judging.orientation import Orientation
from rrm_queue.strategies import judges_all_pairs
from rrm_queue.strategies.elo import newcomers
from rrm_queue.strategies.slices import SLICE


class Growth(NamedTuple):
    """What is added to a tournament, and the new keys of candidates that it has.

    `new` follow the candidates that are there. A key changes when an answer comes again.
    """

    new: tuple[Candidate, ...]
    renamed: tuple[tuple[CandidateNumber, str], ...]
    pairings: tuple[Pairing, ...]


def may_gather(strategy: str, places: int) -> bool:
    """Whether a group of so many answers is judged before all of them are there.

    Not with a strategy whose pairs depend on how many there are, or on results; nor a group of
    which more matches would be planned at once than of any other tournament.
    """
    return judges_all_pairs(strategy) and places * (places - 1) // 2 <= SLICE


def growth(
    there: Sequence[Candidate], answers: Sequence[Candidate], places: int, seed: int
) -> Growth:
    """What follows from the answers that have come by now, of a group of so many places.

    A candidate's key begins with its first place. By it the candidate stands on the circle of
    `Orientation`, so slots do not depend on the order of arrival, unless answers are equal.
    """
    known = {one.text: number for number, one in enumerate(there)}
    keys = {one.text: one.key for one in answers}
    new = tuple(one for one in answers if one.text not in known)
    renamed = tuple(
        (CandidateNumber(number), keys[one.text])
        for number, one in enumerate(there)
        if keys[one.text] != one.key
    )
    seats = [_first_place(keys[one.text]) for one in there] + [_first_place(o.key) for o in new]
    orientation = Orientation(places, seed)
    pairings = []
    for pairing in newcomers(len(there), len(seats)):
        one, two = pairing.first, pairing.second
        ahead = orientation.slot_one(seats[one], seats[two]) == seats[one]
        pairings.append(Pairing(pairing.position, *((one, two) if ahead else (two, one))))
    return Growth(new, renamed, tuple(pairings))


def _first_place(key: str) -> CandidateNumber:
    return CandidateNumber(int(key.partition(",")[0]))
