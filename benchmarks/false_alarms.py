"""How often the diagnostics blame a judge that has no preference for a slot.

    PYTHONPATH=tests python benchmarks/false_alarms.py   # some five minutes of one core

Rewrites the table of docs/statistics.md. A small form is tests/unit/diagnostics/test_false_alarms.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

from kit.simulated_judges import AGREEMENTS, DESIGNS, Judge, alarms

PAGE = Path(__file__).parents[1] / "docs" / "statistics.md"
BEGIN, END = "<!-- false alarms -->\n", "<!-- end of false alarms -->"
PROMPTS = (1, 10, 50)
MATCHES = 28  # of a prompt
BIAS = 0.5  # logits


def table(runs: int) -> Iterator[str]:
    """A line for each way of voting and each number of matches."""
    names = " | ".join(f"{100 * agreement:.0f} %" for agreement in AGREEMENTS)
    yield f"| votes a match | matches | {names} | a bias of {BIAS} logits is seen |"
    yield "|---" * (3 + len(AGREEMENTS)) + "|"
    for name, voting in DESIGNS.items():
        for prompts in PROMPTS:
            cells = []
            for agreement in AGREEMENTS:
                found = [
                    alarms(Judge(agreement, equal=equal), prompts, voting, runs, seed=prompts)
                    for equal in (True, False)
                ]
                worst = {key: max(one[key] for one in found) for key in found[0]}
                cells.append(f"{100 * worst['slot_bias']:.1f}; {100 * worst['flip_rate']:.1f}")
            seen = alarms(Judge(0.8, bias=BIAS), prompts, voting, runs // 4, seed=prompts)
            power = f"{100 * seen['slot_bias']:.0f}"
            yield f"| {name} | {prompts * MATCHES:,} | {' | '.join(cells)} | {power} |"


def main() -> None:
    """Makes the table and writes it into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000, help="judges for each figure")
    lines = "\n".join(table(parser.parse_args().runs))
    text = PAGE.read_text()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(f"{before}{BEGIN}\n{lines}\n\n{END}{after}")
    print(lines)


if __name__ == "__main__":
    main()
