"""How often each generator beat each other one."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rrm_queue.columns import FIRST, SECOND, TIE, UNNAMED, GeneratorMatches


class Meeting(NamedTuple):
    """The matches between two generators, from the view of `first`; a draw is half a win."""

    first: str
    second: str
    matches: int
    wins: int
    draws: int
    losses: int
    win_rate: float


def win_matrix(generators: Sequence[str], matches: GeneratorMatches) -> tuple[Meeting, ...]:
    """Each pair of generators that met, by name; matches without two generators are left out."""
    counted = matches.where(
        (matches.firsts != UNNAMED)
        & (matches.seconds != UNNAMED)
        & (matches.firsts != matches.seconds)
    )
    size = len(generators)
    order = (
        np.argsort(np.argsort(np.array(generators, dtype=np.str_))) if size else np.zeros(0, int)
    )
    firsts, seconds = order[counted.firsts], order[counted.seconds]
    turned = firsts > seconds
    winners = np.where(turned & (counted.winners != TIE), 3 - counted.winners, counted.winners)
    pairs = np.minimum(firsts, seconds) * size + np.maximum(firsts, seconds)
    ids, places = np.unique(pairs, return_inverse=True)
    tally = [
        np.bincount(places[winners == side], minlength=len(ids)) for side in (FIRST, TIE, SECOND)
    ]
    names = sorted(generators)
    return tuple(
        Meeting(
            names[pair // size],
            names[pair % size],
            won + drawn + lost,
            won,
            drawn,
            lost,
            (won + drawn / 2) / (won + drawn + lost),
        )
        for pair, won, drawn, lost in zip(
            ids.tolist(), *(side.tolist() for side in tally), strict=True
        )
    )
