"""Checks the links and the file names in the repository's Markdown pages.

A link to a file needs the file, and a link to `#heading` needs a heading with that slug, as GitHub
makes it. Links to other sites are not followed. A test or a path of the repository that a page
names in `code` must exist, except in the changelog, which tells of the past.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.I)
NAMED_FILE = re.compile(
    r"(?:benchmarks|deploy|docs|examples|rrm_queue|tests|workers)/[\w./-]+|(?:\w+/)*test_\w+\.py"
)


def pages() -> list[Path]:
    """Every Markdown page that people read."""
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("[!.]*/README.md")])


def broken() -> Iterator[str]:
    """Each link or file name that leads nowhere, with its place."""
    for page in pages():
        place = page.relative_to(ROOT)
        for line, target in links(page):
            if problem := _problem(page, target):
                yield f"{place}:{line}: {target}: {problem}"
        for line, name in named_files(page):
            if not _exists(name):
                yield f"{place}:{line}: {name}: no such file"


def links(page: Path) -> Iterator[tuple[int, str]]:
    """The targets of the page's links and pictures, each with a line near it."""
    for token in _tokens(page):
        line = token.map[0] + 1 if token.map else 0
        if token.type in ("html_block", "inline"):
            for target in re.findall(r'(?:href|src|srcset)="([^"]+)"', _html(token)):
                yield line, target
        for child in token.children or ():
            if target := child.attrGet("href") or child.attrGet("src"):
                yield line, str(target)


def named_files(page: Path) -> Iterator[tuple[int, str]]:
    """The tests and paths of the repository that the page names, each with a line near it."""
    if page.name == "CHANGELOG.md":
        return
    for token in _tokens(page):
        for child in token.children or ():
            if child.type == "code_inline" and NAMED_FILE.fullmatch(child.content):
                yield (token.map[0] + 1 if token.map else 0), child.content


def _exists(name: str) -> bool:
    """Whether the repository has the path; a test may be named by the end of its path."""
    return (ROOT / name).exists() or any(
        path.as_posix().endswith(f"/{name}") for path in ROOT.glob("tests/**/test_*.py")
    )


def _html(token: Token) -> str:
    if token.type == "html_block":
        return token.content
    return "".join(child.content for child in token.children or () if child.type == "html_inline")


def _problem(page: Path, target: str) -> str | None:
    """What is wrong with the link; None when it leads somewhere."""
    if ELSEWHERE.match(target):
        return None
    name, _, anchor = unquote(target).partition("#")
    path = (page.parent / name).resolve() if name else page
    if not path.is_relative_to(ROOT):
        return "outside of the repository"
    if not path.exists():
        return "no such file"
    if anchor and path.suffix == ".md" and anchor not in anchors(path):
        return "no such heading"
    return None


@cache
def anchors(page: Path) -> frozenset[str]:
    """The slugs of the page's headings, by GitHub's rule."""
    tokens = _tokens(page)
    seen: Counter[str] = Counter()
    found = set()
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            slug = slug_of(inline)
            found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
            seen[slug] += 1
    return frozenset(found)


def slug_of(heading: Token) -> str:
    """The heading in lower case, without punctuation, with hyphens for blanks."""
    text = "".join(
        child.content for child in heading.children or () if child.type in ("text", "code_inline")
    )
    return re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")


@cache
def _tokens(page: Path) -> list[Token]:
    return MarkdownIt().enable("table").parse(page.read_text(encoding="utf-8"))


if __name__ == "__main__":
    problems = list(broken())
    print("\n".join(problems) or f"{len(pages())} pages, no broken link or file name")
    sys.exit(1 if problems else 0)
