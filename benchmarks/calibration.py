"""How often 95 % intervals hold the truth: the table of docs/statistics.md.

Run it with PYTHONPATH=tests: `python benchmarks/calibration.py [BOARDS]`.
"""

import sys
from collections.abc import Iterable

from kit.calibration import FEW, MANY, Shape, coverage

BOARDS = 500

SHARES = ("ratings", "differences", "all differences at once", "all ranks")


def main() -> int:
    """Prints the table as Markdown."""
    boards = int(sys.argv[1]) if len(sys.argv) > 1 else BOARDS
    headings = ("leaderboard", "matches a generator", *SHARES)
    print(f"| {' | '.join(headings)} |", "|---" * len(headings) + "|", sep="\n")
    for line in _lines((*MANY, *FEW), boards):
        print(line, flush=True)
    return 0


def _lines(shapes: Iterable[Shape], boards: int) -> Iterable[str]:
    for shape in shapes:
        found = coverage(shape, boards)
        shares = (found.ratings, found.differences, found.together, found.ranks)
        cells = " | ".join(f"{100 * share:.1f} %" for share in shares)
        yield f"| {shape.name} | {found.matches:,.4g} | {cells} |"


if __name__ == "__main__":
    sys.exit(main())
