r"""What a page shows is what happens: its `console` and `pycon` blocks, run from top to bottom.

In a `console` block a line after `$ ` is a command and the lines below it are what it prints, on
stdout and stderr. A line `...` stands for any lines, and `...` within a line for any text. Job ids,
durations and moments differ from run to run: a job's id stands for the one that was seen in its
place. `pycon` blocks are doctests.

`python docs/scripts/walkthrough.py PAGE ...` runs pages over a local stack in a new folder and puts
what their commands print now into them; read the difference before you keep it.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt
from model_endpoint import model_endpoint

ROOT = Path(__file__).parents[2]
PATIENCE = 120  # seconds; far more than any command takes
BLOCKS = ("console", "pycon")
MODEL = "http://localhost:8000/v1"
"""The address of a reader's own model, for which ours stands."""

_ID = re.compile(r"\b(?=[0-9a-f]*[0-9])[0-9a-f]{12}\b")
_CHANCE = re.compile(
    r"(?P<any>\.\.\.)"
    r"|(?P<id>\b(?=[0-9a-f]*[0-9])[0-9a-f]{12}\b)"
    r"|(?P<moment>\d{4}-\d\d-\d\d \d\d:\d\d)"
    r"|(?P<spent>\d:\d\d:\d\d|\b[\d.,]+ ?m?s\b|\b[\d,]+/s\b)"
)
_PROGRESS = re.compile(r"(?:^(?:queued|running|succeeded|partial|failed): [\d,]+/.*\n)+", re.M)
_FOUND = {
    "any": r".*?",
    "moment": r"\d{4}-\d\d-\d\d \d\d:\d\d",
    "spent": r"(?:\d:\d\d:\d\d|[\d.,]+ ?m?s|[\d,]+/s)",
}


@dataclass(frozen=True)
class Step:
    """A command (or a doctest) of a page and what it prints there."""

    place: str
    kind: str
    command: str
    printed: str


def steps_of(page: Path) -> list[Step]:
    """All that a page shows, in its order."""
    found = []
    for token in MarkdownIt().parse(page.read_text(encoding="utf-8")):
        if token.type != "fence" or token.info not in BLOCKS or token.map is None:
            continue
        place = f"{page.name}:{token.map[0] + 1}"
        if token.info == "pycon":
            found.append(Step(place, "pycon", token.content, ""))
            continue
        for part in re.split(r"^\$ ", token.content, flags=re.M)[1:]:
            command, _, printed = re.sub(r"\\\n> ?", "", part).partition("\n")
            found.append(Step(place, "console", command, printed))
    return found


def walked_pages() -> list[Path]:
    """The pages that show commands."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [page for page in pages if steps_of(page)]


def newcomers_environment(home: Path) -> dict[str, str]:
    """What a newcomer has: nothing set, the command on the path, a terminal of 100 columns.

    `home` is where the local stack lives, with a short path, as sockets lie below it.
    """
    kept = {name: text for name, text in os.environ.items() if not name.startswith("RRMQ_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    return kept | {"RRMQ_HOME": str(home), "PATH": path, "COLUMNS": "100"}


@dataclass
class Walk:
    """A shell in a folder; what a page calls a job, and an address, is known by its own here."""

    folder: Path
    environment: dict[str, str]
    """Everything that the commands find set; the walk's own copy."""
    stands_for: dict[str, str] = field(default_factory=dict)

    def take(self, step: Step) -> None:
        """Runs the step. Raises AssertionError where it goes otherwise than the page says."""
        if step.kind == "pycon":
            self._doctest(step)
            return
        command, printed = self._own(step.command), self._own(step.printed)
        done = self.run(command)
        match = _pattern(printed).fullmatch(done.stdout)
        if match is None:
            raise AssertionError(
                f"{step.place}: `{command}` (exit code {done.returncode}) prints\n{done.stdout}\n"
                f"and the page says\n{printed}"
            )
        for name, seen in zip(_ID.findall(printed), match.groups(), strict=True):
            known = name in self.stands_for.values()
            if seen != (name if known else self.stands_for.get(name, seen)):
                raise AssertionError(f"{step.place}: job {name} is called {seen}")
            if not known:
                self.stands_for[name] = seen

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """The command, run to its end by a shell; an `export` holds for those after it."""
        if setting := re.fullmatch(r"export (\w+)=(\S+)", command):
            self.environment |= {setting[1]: setting[2]}
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
            check=False,
            text=True,
        )

    def record(self, step: Step) -> str:
        """What the command prints now, under the page's names; progress is cut short."""
        if step.kind == "pycon":
            self._doctest(step)
            return step.printed
        shown = self.run(self._own(step.command)).stdout
        for name, seen in zip(_ID.findall(step.printed), _ID.findall(shown), strict=False):
            self.stands_for.setdefault(name, seen)
        for name, own in self.stands_for.items():
            shown = shown.replace(own, name)
        lines = [line.rstrip() for line in _PROGRESS.sub("...\n", shown).splitlines()]
        return "\n".join(lines).rstrip("\n") + "\n" if shown.strip() else ""

    def _doctest(self, step: Step) -> None:
        file = self.folder / "doctest.txt"
        file.write_text(self._own(step.command), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "doctest", "-o", "ELLIPSIS", file.name],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
            text=True,
        )
        if done.returncode:
            raise AssertionError(f"{step.place}:\n{done.stdout}{done.stderr}")

    def _own(self, text: str) -> str:
        """The text with the page's names replaced by this walk's."""
        for name, own in self.stands_for.items():
            text = text.replace(name, own)
        return text


def _pattern(printed: str) -> re.Pattern[str]:
    lines = printed.rstrip("\n").split("\n") if printed.strip() else []
    patterns = [r"(?:.*\n)*?" if line == "..." else _line(line) + r"[ \t]*\n" for line in lines]
    return re.compile("".join(patterns) + r"\s*")


def _line(line: str) -> str:
    """The pattern of one line; an id that is not known yet is a group."""
    pattern, end = "", 0
    for match in _CHANCE.finditer(line):
        kind = str(match.lastgroup)
        pattern += re.escape(line[end : match.start()])
        pattern += "([0-9a-f]{12})" if kind == "id" else _FOUND[kind]
        end = match.end()
    return pattern + re.escape(line[end:].rstrip())


def record(pages: Iterable[Path]) -> None:
    """Puts into the pages what their commands print now."""
    home = Path(tempfile.mkdtemp(prefix="rrmq-docs-"))
    with model_endpoint() as address:
        for page in pages:
            with tempfile.TemporaryDirectory() as folder:
                shutil.copytree(ROOT / "examples", Path(folder, "examples"))
                walk = Walk(Path(folder), newcomers_environment(home), {MODEL: address})
                for step in steps_of(page):
                    _replace(page, step, walk.record(step))
    Walk(home, newcomers_environment(home)).run("rrmq down")
    shutil.rmtree(home)


def _replace(page: Path, step: Step, printed: str) -> None:
    if step.kind == "console" and printed != step.printed:
        text, old = page.read_text(encoding="utf-8"), f"$ {step.command}\n{step.printed}"
        page.write_text(text.replace(old, f"$ {step.command}\n{printed}", 1), encoding="utf-8")


if __name__ == "__main__":
    record([Path(name).resolve() for name in sys.argv[1:]] or walked_pages())
