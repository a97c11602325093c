"""A terminal to run commands in, and what it shows as SVG."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

COLUMNS, LINES = 96, 50
HIGH, ASPECT, EDGE = 20, 0.602, 12
"""Pixels that a character is high, its width as a share of that, pixels around the text."""
THEME = TerminalTheme(
    (27, 31, 36),
    (225, 228, 232),
    [
        (72, 79, 88),
        (255, 123, 114),
        (63, 185, 80),
        (210, 153, 34),
        (88, 166, 255),
        (188, 140, 255),
        (57, 197, 207),
        (177, 186, 196),
    ],
)
SVG = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 @width@ @height@">
<style>
.{unique_id}-matrix {{ font: {char_height}px/{line_height}px 'DejaVu Sans Mono', Menlo, Consolas,
  'Liberation Mono', monospace; font-variant-east-asian: full-width; }}
{styles}
</style>
<rect width="@width@" height="@height@" rx="8" fill="#1b1f24"/>
<g transform="translate(12, 12)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
_SEQUENCE = re.compile(r"\x1b\[(?!\d*(?:;\d+)*m)[?\d;]*[A-Za-z]")
_FRAME = re.compile(r"(?:\r?\x1b\[1A|\r)*\x1b\[2K")


class Terminal:
    """Runs commands in a folder, as a person at a terminal would see them.

    Jobs have ids by chance; each is given a name that stands for it in every picture: `jobs` are
    the ids by these names.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self._folder = folder
        kept = {name: text for name, text in os.environ.items() if not name.startswith("RRMQ_")}
        path = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
        mine = {"PATH": path, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.environment = kept | dict(settings) | mine
        self.jobs: dict[str, str] = {}

    def run(self, *command: str) -> str:
        """All that the command shows, with its escape sequences. Raises where it fails."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        with subprocess.Popen(
            command,
            cwd=self._folder,
            env=self.environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        ) as process:
            os.close(theirs)
            shown = _all_of(ours).replace("\r\n", "\n")
        if process.returncode:
            raise RuntimeError(f"{' '.join(command)}: {shown}")
        return self.renamed(shown)

    def submit(self, name: str, *options: str) -> str:
        """The id of a job that has ended, which `name` stands for from now on."""
        return self.learn(name, self.run("rrmq", "submit", *options, "--watch"))

    def learn(self, name: str, shown: str) -> str:
        """The id of the job that was made; `name` stands for it from now on."""
        match = re.search(r"job ([0-9a-f]{12})", shown)
        if match is None:
            raise RuntimeError(shown)
        self.jobs[name] = match[1]
        return match[1]

    def named(self, command: Sequence[str]) -> str:
        """The command as it is shown."""
        return self.renamed(" ".join(command))

    def renamed(self, text: str) -> str:
        """The text with names in place of ids."""
        for name, own in self.jobs.items():
            text = text.replace(own, name)
        return text

    def settled(self, shown: str, bars: Sequence[str]) -> str:
        """What was said before the bar, the bar in the middle of its way, and what came after."""
        before, _, _ = frames(shown)[0].rstrip().rpartition("\n")
        after = frames(shown)[-1].lstrip()
        bar = bars[len(bars) // 2].strip() if bars else ""
        return self.renamed(f"{before}\n{bar}\n\n{after}")


def frames(shown: str) -> list[str]:
    """What stood there each time before a line was drawn anew."""
    return [_SEQUENCE.sub("", part).lstrip("\r") for part in _FRAME.split(shown)]


def picture(command: str, shown: str) -> str:
    """The SVG of a command and of what it showed."""
    console = Console(
        width=COLUMNS, record=True, file=open(os.devnull, "w", encoding="utf-8"),  # noqa: SIM115, PTH123
        force_terminal=True, color_system="truecolor", markup=False, highlight=False,
    )  # fmt: skip
    console.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
    for line in _SEQUENCE.sub("", shown).rstrip().split("\n"):
        console.print(Text.from_ansi(line.rstrip()), overflow="fold")
    lines = console.export_text(clear=False).count("\n")
    svg = console.export_svg(theme=THEME, code_format=SVG, font_aspect_ratio=ASPECT)
    width, height = COLUMNS * HIGH * ASPECT + 2 * EDGE, lines * HIGH * 1.22 + 2 * EDGE
    return svg.replace("@width@", f"{width:.0f}").replace("@height@", f"{height:.0f}")


def _all_of(descriptor: int) -> str:
    """What arrives until the other end is closed."""
    found = b""
    with os.fdopen(descriptor, "rb", buffering=0) as stream:
        while True:
            try:
                part = stream.read(65536)
            except OSError:  # Linux says so when the last process has closed the terminal
                break
            if not part:
                break
            found += part
    return found.decode(errors="replace")
