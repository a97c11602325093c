"""Makes the pictures of `docs/pictures` that show what a terminal or a browser shows.

It runs the real command in a terminal of its own, over a local stack in a new folder and a model
that is part of this folder, so they can be made again after any change: `make pictures`. Jobs get
the same names in every run. Those of the report and the pages need Chromium (`chromium` on the
path).
"""

import re
import shutil
import tempfile
from pathlib import Path

import diagrams
from model_endpoint import model_endpoint
from page_pictures import browser_pictures
from terminal_picture import Terminal, frames, picture

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs/pictures"
ANSWERS = "examples/gsm8k.jsonl"


def main() -> None:
    """Makes all of them."""
    PICTURES.mkdir(exist_ok=True)
    diagrams.main()
    home = Path(tempfile.mkdtemp(prefix="rrmq-pictures-"))
    with model_endpoint(think=0.05) as address:
        terminal = Terminal(ROOT, {"RRMQ_HOME": str(home), "RRMQ_OPENAI_BASE_URL": address})
        try:
            jobs = _terminal_views(terminal)
            browser_pictures(terminal, home, PICTURES, jobs)
        finally:
            terminal.run("rrmq", "down")
            shutil.rmtree(home)


def _terminal_views(terminal: Terminal) -> dict[str, str]:
    """The pictures of terminals; the ids of the jobs that pages show."""
    first = terminal.submit("fe532c0a71d8", ANSWERS, "--strategy", "knockout", "--votes", "3")
    _draw(terminal, "bracket", "rrmq", "bracket", first, "garden")
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
    knockout = ("--strategy", "knockout", "--judge", "openai:my-model", "--votes", "3")
    bracket = terminal.submit("4e1f70c29ab8", ANSWERS, *knockout, "--name", "a knockout")
    answers = ("--strategy", "elo", "--judge", "reference", "--name", "by final answers")
    reference = terminal.submit("0a93c7d41e5f", ANSWERS, *answers)
    audit = terminal.run("rrmq", "audit", job, "--share", "10%", "--votes", "2")
    return {
        "job": job,
        "bracket": bracket,
        "reference": reference,
        "audit": terminal.learn("b22aa8a2af05", audit),
    }


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


def _write(name: str, svg: str) -> None:
    (PICTURES / f"{name}.svg").write_text(svg, encoding="utf-8")
    print(f"{name}.svg")


if __name__ == "__main__":
    main()
