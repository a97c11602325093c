"""Writes the reference pages from the code they describe; with --check it says which are stale.

The command's options, the settings, the messages and the tables each have a page (or a marked
section of one) that is kept in the repository, so that it can be read there.
"""

import argparse
import sys
from pathlib import Path

import reference_cli
import reference_messages
import reference_settings
import reference_tables

DOCS = Path(__file__).parents[1]
NOTE = "<!-- made by `make docs` from {source}: change it there -->"
END = "<!-- end of what `make docs` makes -->"


def pages() -> dict[Path, str]:
    """Every page that is made, with what it has to hold."""
    whole = {
        "reference/cli.md": ("rrm_queue/cli/", reference_cli.page()),
        "reference/messages.md": ("rrm_queue/messages.py", reference_messages.page()),
        "reference/tables.md": ("rrm_queue/store/", reference_tables.page()),
    }
    made = {
        DOCS / name: f"{NOTE.format(source=source)}\n\n{text}\n"
        for name, (source, text) in whole.items()
    }
    settings = DOCS / "settings.md"
    made[settings] = _with_section(settings, "rrm_queue/config.py", reference_settings.table())
    return made


def stale() -> list[Path]:
    """The pages that do not hold what the code says."""
    return [
        path
        for path, text in pages().items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]


def _with_section(path: Path, source: str, text: str) -> str:
    """The page with the section between its marks replaced. Raises ValueError without marks."""
    before, start, rest = path.read_text(encoding="utf-8").partition(NOTE.format(source=source))
    _, end, after = rest.partition(END)
    if not (start and end):
        raise ValueError(f"{path} has no section between {NOTE.format(source=source)} and {END}")
    return f"{before}{start}\n\n{text}\n\n{end}{after}"


def main() -> int:
    """The exit code: 1 when --check finds a stale page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    checking = parser.parse_args().check
    old = stale()
    for path in old:
        print(f"{path.relative_to(DOCS.parent)} {'is stale: run `make docs`' if checking else ''}")
    if not checking:
        made = pages()
        for path in old:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(made[path], encoding="utf-8")
    return 1 if checking and old else 0


if __name__ == "__main__":
    sys.exit(main())
