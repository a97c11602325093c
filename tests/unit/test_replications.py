"""`make replications`: recorded verdicts give the published figures, and the page says the same."""

import subprocess
import sys
from pathlib import Path

import pytest
from kit.recorded_battles import SHARED

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "benchmarks" / "replications.py"
PAGE = ROOT / "docs" / "replications.md"


def printed(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPT, folder], capture_output=True, text=True, check=False
    )


def test_recorded_verdicts_give_the_published_figures() -> None:
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is not there")
    done = printed(SHARED)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    figures, summary = lines[1:-3], lines[-3:]
    assert len(figures) == 15 * 6 + 2 + 59 * 2
    assert [line.split()[0] for line in summary] == ["LLMBar:", "RRM-7B:", "LLMFAO:"]
    assert summary[0].endswith("largest difference 0.0e+00")
    assert all(float(line.split()[-1]) < 1e-8 for line in summary)
    page = PAGE.read_text(encoding="utf-8")
    # The last digits of a sum differ between machines.
    assert all(line.rpartition(" ")[0] in page for line in summary)
    ratings = [line.split()[-3:-1] for line in figures if "Bradley-Terry" in line]
    for published, ours in ratings[:10]:
        assert f"| {float(published):.2f} | {float(ours):.2f} |" in page


def test_without_the_verdicts_it_says_what_to_do(tmp_path: Path) -> None:
    done = printed(tmp_path / "none")
    assert done.returncode == 1
    assert "name the folder of recorded verdicts" in done.stderr
