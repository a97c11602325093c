"""Every page that shows commands, followed by a newcomer on a machine without servers."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from kit.homes import remove
from model_endpoint import model_endpoint
from walkthrough import MODEL, ROOT, Step, Walk, newcomers_environment, steps_of, walked_pages

PAGES = walked_pages()


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """A newcomer's, with a home of rrmq's that has nothing in it."""
    home = Path(tempfile.mkdtemp(prefix="rrmq-docs-"))
    mine = newcomers_environment(home)
    yield mine
    Walk(home, mine).run("rrmq down")
    remove(home)


@pytest.fixture
def model() -> Iterator[str]:
    """A model at an address of the page's own, so that no page reuses another page's votes."""
    with model_endpoint() as address:
        yield address


def test_the_main_pages_show_commands() -> None:
    assert {"quickstart.md", "dpo.md", "own-judge.md"} <= {page.name for page in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_shows_what_happens(
    page: Path, environment: dict[str, str], model: str, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    walk = Walk(tmp_path, dict(environment), {MODEL: model})
    try:
        for step in steps_of(page):
            walk.take(step)
    finally:  # a server that the page starts in the background
        for noted in tmp_path.glob("*.pid"):
            with suppress(ProcessLookupError):
                os.kill(int(noted.read_text()), signal.SIGTERM)
    walk.run("rrmq prune --ended --older-than 0 --yes")  # other pages rank the same examples


def test_what_a_page_gets_wrong_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```console\n$ echo job 0123456789ab in 0:00:01\njob ab0123456789 in 0:12:34\n"
        "$ echo of ab0123456789\nof ab0123456789\n$ printf 'a\\nb\\nc\\n'\na\n...\nc\n```\n"
    )
    right = steps_of(page)
    walk = Walk(tmp_path, newcomers_environment(tmp_path))
    for step in right:
        walk.take(step)
    assert walk.stands_for == {"ab0123456789": "0123456789ab"}
    for wrong in ("b\n", "a\n...\nd\n", "", "a\nb\nc\nd\n"):
        with pytest.raises(AssertionError, match=r"page\.md"):
            walk.take(Step("page.md:1", "console", right[-1].command, wrong))
