"""Ratings of a job with control for style, and what each answer owes to its style."""

from collections.abc import Callable, Sequence

import numpy as np

from rrm_queue.columns import UNNAMED, Numbers
from rrm_queue.ratings.bradley_terry import POINTS
from rrm_queue.ratings.columns import Columns
from rrm_queue.ratings.controlled import ControlledRatings, controlled_ratings
from rrm_queue.ratings.style import FEATURES, style_differences, style_of
from rrm_queue.store.database import Transaction
from rrm_queue.store.views.style import styled_matches
from rrm_queue.views.jobs import JobView
from rrm_queue.views.style import Control

Handicap = Callable[[Sequence[str]], Sequence[float]]

EVERYONE = "everyone"
"""The generator of all answers where the file names none."""


def controlled_of(
    tx: Transaction, view: JobView, control: Control, *, prior: bool = True, unnamed: bool = False
) -> ControlledRatings:
    """The generators' ratings with control, and the effects; empty without matches.

    With `unnamed` the answers of a file without generators count as those of one generator, so that
    there are effects all the same. Raises ValueError without `prior` where nothing is finite.
    """
    generators, matches, ours, others = styled_matches(
        tx, view.id, lambda text: style_of(text, control)
    )
    firsts, seconds = matches.firsts, matches.seconds
    if unnamed and not generators:
        generators, held = [EVERYONE], np.ones(len(matches), np.bool_)
        firsts = seconds = np.zeros_like(firsts)
    else:
        held = (firsts != UNNAMED) & (seconds != UNNAMED) & (firsts != seconds)
    if not held.any():
        return ControlledRatings((), ())
    seen = np.unique(np.concatenate((firsts[held], seconds[held])))
    columns = Columns(
        len(seen),
        np.searchsorted(seen, firsts[held]),
        np.searchsorted(seen, seconds[held]),
        matches.winners[held],
    )
    features, scales = style_differences(ours[held], others[held])
    return controlled_ratings(
        [generators[place] for place in seen],
        columns,
        features,
        scales,
        FEATURES[control],
        np.unique(matches.tournaments[held], return_inverse=True)[1],
        prior=prior,
    )


def style_handicap(tx: Transaction, view: JobView, control: Control) -> Handicap:
    """Says of the texts of a tournament how many points each owes to its style.

    That is the mean, over its opponents, of the features of their match times the effects. Where
    the file names generators, the effects are those of the leaderboard with control, so that a
    better model that writes more loses nothing for being better.
    """
    effects = controlled_of(tx, view, control, unnamed=True).effects
    weights = np.array([one.coefficient / one.scale for one in effects])

    def handicap(texts: Sequence[str]) -> list[float]:
        counts = np.array([style_of(text, control) for text in texts], np.float64)
        ours, others = counts[:, None], counts[None, :]
        shares: Numbers = (ours - others) / (ours + others + 1)
        lead = shares.sum(axis=1) @ weights if len(weights) else np.zeros(len(texts))
        points: list[float] = (POINTS * lead / max(1, len(texts) - 1)).tolist()
        return points

    return handicap
