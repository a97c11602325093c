"""`swiss`: in every round candidates meet others with about as many points."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from msgspec import Struct

from rrm_queue.domain import CandidateNumber, Outcome, Pairing, Position
from rrm_queue.seeds import shuffled
from rrm_queue.strategies.base import Finished, History, Pairings

Pair = tuple[int, int]


class Swiss(Struct, frozen=True):
    """Rounds among equals, without a rematch; each round waits for all of the one before it.

    By default ceil(log2 n) + 1 rounds, and never more than half of n (of n + 1 where n is odd): up
    to there a round without a rematch always exists (see `paired`).

    Where n is odd, one candidate sits out each round, as a rule the last that has not sat out yet;
    none does so twice. A bye is not a match: it counts as a win for the next pairings, and for
    nothing in the standings.
    """

    rounds: int | None = None

    name: ClassVar[str] = "swiss"
    draws: ClassVar[bool] = True
    looks_back: ClassVar[bool] = True

    def matches(self, size: int) -> int:
        """Half of the candidates, rounded down, a round."""
        return self.played(size) * (size // 2)

    def played(self, size: int) -> int:
        """How many rounds `size` candidates play."""
        wanted = self.rounds or (size - 1).bit_length() + 1
        return min(wanted, (size + 1) // 2)

    def plan(self, size: int, history: History, seed: int) -> Pairings | Finished:
        """The next round, once all of the last one is decided."""
        if history.decided >= self.matches(size):
            return Finished(places=None)
        if history.decided < history.planned:
            return Pairings(())
        turn = history.decided // (size // 2) + 1
        return Pairings(
            tuple(
                Pairing(Position(turn, slot), CandidateNumber(first), CandidateNumber(second))
                for slot, (first, second) in enumerate(_round(size, turn, history.matches, seed))
            )
        )


def _round(
    size: int, turn: int, matches: Mapping[Position, Outcome | None], seed: int
) -> list[Pair]:
    """The pairs of round `turn`, replayed from the first; a pair's slot is its index.

    Where the size is odd, `nobody` is added to the end of the table; its opponent sits out.
    """
    drawn, nobody = shuffled(size, seed, "swiss"), size
    points, met = [0] * size, [set[int]() for _ in range(size + 1)]
    pairs: list[Pair] = []
    for number in range(1, turn + 1):
        for slot, pair in enumerate(pairs):
            _score(points, pair, matches[Position(number - 1, slot)])
        table = sorted(drawn, key=lambda candidate: -points[candidate])
        drawn_round = paired([*table, nobody] if size % 2 else table, met)
        for first, second in drawn_round:
            met[first].add(second)
            met[second].add(first)
        pairs = [pair for pair in drawn_round if pair[1] != nobody]
        for first, second in drawn_round:
            points[first] += 2 * (second == nobody)
    return pairs


def _score(points: list[int], pair: Pair, outcome: Outcome | None) -> None:
    """Counts a match: two points for a win, one for a draw."""
    winner = outcome.winner if outcome else None
    for candidate in pair:
        points[candidate] += 1 if winner is None else 2 * (winner == candidate)


def paired(table: Sequence[int], met: Sequence[set[int]]) -> list[Pair]:
    """Pairs all of the table with opponents not met yet, near in the table; the upper one first.

    From the top each takes the next that it has not met. Two that are left over in the end, u and
    v, split up a pair x and y, so that u meets x and v meets y: the pair by which they come least
    far from their places. There is such a pair as long as everybody of a table of m has at least
    m / 2 not met yet. For u and v then have m or more of them, all in pairs, of which there are at
    most (m - 2) / 2; so of some pair both are open to one of u and v, and one of them to the other.
    """
    place = {candidate: number for number, candidate in enumerate(table)}
    partner: dict[int, int] = {}
    for number, upper in enumerate(table):
        if upper not in partner:
            rest = (table[lower] for lower in range(number + 1, len(table)))
            near = (other for other in rest if other not in partner and other not in met[upper])
            if (lower := next(near, None)) is not None:
                partner[upper], partner[lower] = lower, upper
    left = [candidate for candidate in table if candidate not in partner]
    for u, v in zip(left[::2], left[1::2], strict=True):
        x = min(
            (x for x, y in partner.items() if x not in met[u] and y not in met[v]),
            key=lambda x: (abs(place[u] - place[x]) + abs(place[v] - place[partner[x]]), place[x]),
        )
        y = partner[x]
        partner |= {u: x, x: u, v: y, y: v}
    return [(upper, partner[upper]) for upper in table if place[upper] < place[partner[upper]]]
