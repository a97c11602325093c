"""A job's votes, matches and labels as NumPy columns: for ratings and diagnostics."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rrm_queue.domain import Label, NoVerdict, Verdict

Column = NDArray[np.int64]

VERDICTS = tuple(Verdict)


REASONS = tuple(NoVerdict)


LABELS = (None, *Label)
"""What the columns' numbers stand for, by place."""


class VoteColumns(NamedTuple):
    """A job's votes; a row is a vote.

    `verdicts` are places in VERDICTS, `reasons` in REASONS, -1 for a vote with a verdict.
    """

    matches: Column
    numbers: Column
    swapped: Column
    verdicts: Column
    reasons: Column


class MatchColumns(NamedTuple):
    """A job's decided matches; a row is a match.

    `winners` is 1 for the first, 2 for the second, 0 for a draw or where a coin decided, which
    `coins` says. `lengths` and `others` are the answers' in characters.
    """

    matches: Column
    tournaments: Column
    firsts: Column
    seconds: Column
    winners: Column
    coins: Column
    lengths: Column
    others: Column


class LabelColumns(NamedTuple):
    """The file's labelled pairs whose match is decided; a row is a pair.

    `labels` are places in LABELS by the pair's own order; `turned` where the match has the pair's
    second candidate first; `parts` places in `subsets`, -1 for none.
    """

    subsets: list[str]
    matches: Column
    labels: Column
    turned: Column
    parts: Column


class JobOutcomes(NamedTuple):
    """A job's decided matches column by column; a row is a match.

    `firsts` and `seconds` are places in `generators`, -1 for an answer that names none; `winners`
    1 for the first, 2 for the second, 0 for a draw or a coin.
    """

    generators: list[str]
    tournaments: Column
    firsts: Column
    seconds: Column
    winners: Column
