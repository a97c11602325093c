"""Standings: a tournament's result, one for each candidate."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from rrm_queue.domain import CandidateNumber, Result, Standing
from rrm_queue.ratings.bradley_terry import bradley_terry
from rrm_queue.ratings.columns import Columns
from rrm_queue.ratings.elo import elo
from rrm_queue.ratings.ranks import ranked
from rrm_queue.seeds import shuffled


def standings(
    size: int,
    results: Sequence[Result] | NDArray[np.int64],
    places: Mapping[CandidateNumber, int] | None,
    seed: int,
) -> list[Standing]:
    """The standings by rank, the champion first; `results` as `Columns.of` takes them.

    The rank is `places` where the strategy's structure gives it, else that by Bradley-Terry, in
    which those within TIE points of the first of them share a rank: 1, 2, 2, 4. Among equals the
    higher Elo is listed first, and among equal Elos a coin of the seed decides; so the champion is
    the one that this rule puts first among those of rank 1.
    """
    columns = Columns.of(size, results)
    strengths, elos = bradley_terry(columns), elo(columns, seed)
    if places is None:
        ranks = ranked(strengths)
    else:
        ranks = [places[CandidateNumber(number)] for number in range(size)]
    cells = (column.tolist() for column in (*columns.records(), elos, strengths))
    lines = [
        Standing(CandidateNumber(number), *line)
        for number, line in enumerate(zip(ranks, *cells, strict=True))
    ]
    # Elo rounded, so that the last bits of a sum do not decide between equals; the sort is stable.
    return sorted(
        (lines[number] for number in shuffled(size, seed, "standings")),
        key=lambda line: (line.rank, -round(line.elo, 6)),
    )
