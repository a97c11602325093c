"""`make demo`, the README's shortest way to a first result."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_demo_runs_to_its_leaderboard_also_a_second_time(tmp_path: Path) -> None:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("RRMQ_")}
    environment = ours | {"RRMQ_HOME": str(tmp_path)}
    demo = ["make", "-o", f"{sys.prefix}/.installed", "demo", f"VENV={sys.prefix}"]
    try:
        for _ in range(2):
            done = subprocess.run(
                demo, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
            assert "careful" in done.stdout.split("leaderboard $job")[-1]
    finally:
        down = [f"{sys.prefix}/bin/rrmq", "down"]
        subprocess.run(down, cwd=ROOT, env=environment, check=True, capture_output=True)
