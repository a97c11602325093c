"""What `--stop evidence:P` saves, and how often it is right: exact, without chance.

    python benchmarks/evidence.py    # seconds; rewrites the table in docs/voting.md

Pairs of graded answers as in `choosing.py`: the judge's share of votes for the better answer of a
pair follows from the difference of their strengths.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from choosing import ACCURACIES, spread
from scipy.special import erfinv

from rrm_queue.domain import Stop, Voting
from rrm_queue.judging.evidence import least_lead, sureness
from rrm_queue.judging.voting import Tally, needed

DOCUMENT = Path(__file__).parent.parent / "docs" / "voting.md"
BEGIN, END = "<!-- evidence: begin -->", "<!-- evidence: end -->"
MOST = 33
PAIRS = 400


class Ended(NamedTuple):
    """Means over pairs: the wrong winners (a draw is half of one) and the votes.

    `stopped`: the share that stopped at the evidence; `right`: the share of these that are right.
    """

    wrong: float
    votes: float
    stopped: float
    right: float


def chances(accuracy: float) -> np.ndarray:
    """The judge's share of votes for the better answer, at evenly spread ranks of pairs."""
    ranks = (np.arange(PAIRS) + 0.5) / PAIRS
    apart = 2 * spread(accuracy) * np.asarray(erfinv(ranks))
    return np.asarray(1 / (1 + np.exp(-apart)))


def voted(voting: Voting, better: np.ndarray) -> Ended:
    """One vote after the other, over every tally that can be reached."""
    reached = {(0, 0): np.ones_like(better)}
    wrong = votes = stopped = right = 0.0
    while reached:
        following: dict[tuple[int, int], np.ndarray] = defaultdict(lambda: np.zeros_like(better))
        for (ahead, behind), chance in reached.items():
            cast, share = ahead + behind, float(chance.mean())
            if needed(Tally(ahead, behind, cast), voting):
                following[ahead + 1, behind] += chance * better
                following[ahead, behind + 1] += chance * (1 - better)
                continue
            votes += share * cast
            wrong += share * ((ahead < behind) + (ahead == behind) / 2)
            if sureness(max(ahead, behind), min(ahead, behind)) >= (voting.evidence or 1):
                stopped += share
                right += share * (ahead > behind)
        reached = dict(following)
    return Ended(wrong, votes, stopped, right / stopped if stopped else float("nan"))


def evidence(most: int, level: float) -> Voting:
    """Voting with at most so many votes that stops at this evidence."""
    return Voting(most, stop=Stop.LEAD, lead=least_lead(level), evidence=level)


def saved(rule: Ended, better: np.ndarray) -> float:
    """The share of votes saved against the majority with as few errors, which stops as decided."""
    majorities = [voted(Voting(votes), better) for votes in range(1, MOST + 1, 2)]
    wrong = [-each.wrong for each in majorities]
    same = float(np.interp(-rule.wrong, wrong, [each.votes for each in majorities]))
    return 1 - rule.votes / same


RULES: dict[str, Callable[[], Voting]] = {
    "--votes 5 --stop evidence:0.75": lambda: evidence(5, 0.75),
    "--votes 9 --stop evidence:0.85": lambda: evidence(9, 0.85),
    "--votes 15 --stop evidence:0.9": lambda: evidence(15, 0.9),
    "--votes 33 --stop evidence:0.9": lambda: evidence(33, 0.9),
    "--votes 33 --stop evidence:0.95": lambda: evidence(33, 0.95),
    "--votes 33 --stop lead:4": lambda: Voting(33, stop=Stop.LEAD, lead=4),
    "--votes 33 --stop lead:5": lambda: Voting(33, stop=Stop.LEAD, lead=5),
}


def table() -> Iterator[str]:
    """The lines of the document."""
    at = " / ".join(f"{100 * accuracy:.0f}" for accuracy in ACCURACIES)
    yield f"Judges whose single vote is right in {at} % of cases."
    yield ""
    yield (
        "| options | votes a match | wrong winners, % | votes saved against the majority with as "
        "few errors, % | stopped by evidence, % | of these right, % |"
    )
    yield "|---|---|---|---|---|---|"
    for name, rule in RULES.items():
        voting = rule()
        pairs = [chances(accuracy) for accuracy in ACCURACIES]
        ends = [voted(voting, better) for better in pairs]
        less = [saved(end, better) for end, better in zip(ends, pairs, strict=True)]
        cells = [
            " / ".join(f"{end.votes:.1f}" for end in ends),
            " / ".join(f"{100 * end.wrong:.1f}" for end in ends),
            " / ".join(f"{100 * part:.0f}" for part in less),
            " / ".join(f"{100 * end.stopped:.0f}" for end in ends) if voting.evidence else "",
            " / ".join(f"{100 * end.right:.1f}" for end in ends) if voting.evidence else "",
        ]
        yield f"| `{name}` | {' | '.join(cells)} |"


def main() -> None:
    """Puts the table between the document's markers."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    lines = "\n".join(table())
    DOCUMENT.write_text(f"{before}{BEGIN}\n{lines}\n{END}{after}", encoding="utf-8")
    print(lines)


if __name__ == "__main__":
    main()
