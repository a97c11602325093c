"""Makes the pictures of `docs/pictures` that show what a terminal or a browser shows.

It runs the real command in a terminal of its own, over a local stack in a new folder and a model
that is part of this folder, so they can be made again after any change: `make pictures`. Jobs get
the same names in every run. The pictures of the report need Chromium (`chromium` on the path).
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import diagrams
from model_endpoint import model_endpoint
from terminal_picture import Terminal, frames, picture

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs/pictures"
ANSWERS = "examples/gsm8k.jsonl"
BROWSER = [
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
SIZES = {"report": (1200, 1000), "report-narrow": (420, 900)}


def main() -> None:
    """Makes all of them."""
    PICTURES.mkdir(exist_ok=True)
    diagrams.main()
    home = Path(tempfile.mkdtemp(prefix="rrmq-pictures-"))
    with model_endpoint(think=0.05) as address:
        terminal = Terminal(ROOT, {"RRMQ_HOME": str(home), "RRMQ_OPENAI_BASE_URL": address})
        try:
            _terminal_views(terminal)
            _report(terminal, home)
        finally:
            terminal.run("rrmq", "down")
            shutil.rmtree(home)


def _terminal_views(terminal: Terminal) -> None:
    knockout = terminal.submit("fe532c0a71d8", ANSWERS, "--strategy", "knockout", "--votes", "3")
    _draw(terminal, "bracket", "rrmq", "bracket", knockout, "garden")
    judged = ("--strategy", "elo", "--judge", "openai:my-model", "--votes", "2")
    voting = ("--order", "both", "--stop", "never", "--watch")
    job = _watch(terminal, "rrmq", "submit", ANSWERS, *judged, *voting)
    for name, *words in (
        ("status", "status", job),
        ("results", "results", job, "garden"),
        ("leaderboard", "leaderboard", job),
        ("diagnose", "diagnose", job),
        ("votes", "votes", job, "garden", "1.1"),
    ):
        _draw(terminal, name, "rrmq", *words)


def _draw(terminal: Terminal, name: str, *command: str) -> None:
    shown = terminal.run(*command)
    _write(name, picture(terminal.named(command), shown))


def _watch(terminal: Terminal, *command: str) -> str:
    """A job that is watched, in the middle and at its end; its id."""
    shown = terminal.run(*command)
    job = terminal.learn("d7a1e5093b6c", shown)
    bars = [frame for frame in frames(shown) if re.search(r"[1-9]\d*/\d+", frame)]
    _write("watch", picture(terminal.named(command), terminal.settled(shown, bars)))
    return job


def _report(terminal: Terminal, home: Path) -> None:
    """The report as a browser shows it, wide and narrow."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        print("no chromium: the report's pictures are left as they are")
        return
    page = home / "report.html"
    terminal.run("rrmq", "report", terminal.job("d7a1e5093b6c"), "-o", str(page))
    page.write_text(terminal.renamed(page.read_text(encoding="utf-8")), encoding="utf-8")
    for name, size in SIZES.items():
        _shoot(browser, page, PICTURES / f"{name}.png", size, home)
        print(f"{name}.png")


def _shoot(browser: str, page: Path, target: Path, size: Sequence[int], home: Path) -> None:
    width, height = size
    subprocess.run(
        [
            browser,
            *BROWSER,
            f"--user-data-dir={home / 'browser'}",
            f"--screenshot={target}",
            f"--window-size={width},{height}",
            page.as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )


def _write(name: str, svg: str) -> None:
    (PICTURES / f"{name}.svg").write_text(svg, encoding="utf-8")
    print(f"{name}.svg")


if __name__ == "__main__":
    main()
