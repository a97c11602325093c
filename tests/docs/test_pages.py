"""What the pages say of the code is what the code says, and no link leads nowhere."""

import os
import subprocess
import sys
from pathlib import Path

import links
import pytest
import reference
from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]


def test_pages_made_from_the_code_are_fresh() -> None:
    assert reference.stale() == [], "run `make docs`"


def test_links_and_their_headings_are_there() -> None:
    assert list(links.broken()) == []
    assert len(links.pages()) > 20


def test_a_link_to_nowhere_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "ROOT", tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text(
        "# A *b* `c`: d!\n\n[here](#a-b-c-d) [gone](#a) [page](docs/x.md#y-1) [none](docs/z.md)\n\n"
        '<img src="none.svg"> [site](https://example.com/none) [out](../x)\n'
    )
    (tmp_path / "docs/x.md").write_text("# y\n\n# y\n\n| a |\n|---|\n| [cell](../none.md) |\n")
    assert [problem.split(": ", 1)[1] for problem in links.broken()] == [
        "#a: no such heading",
        "docs/z.md: no such file",
        "none.svg: no such file",
        "../x: outside of the repository",
        "../none.md: no such file",
    ]


def test_a_named_file_that_is_gone_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "ROOT", tmp_path)
    (tmp_path / "tests/unit").mkdir(parents=True)
    (tmp_path / "tests/unit/test_there.py").touch()
    (tmp_path / "README.md").write_text(
        "`test_there.py` `unit/test_there.py` `tests/unit/` `make test` `test_gone.py`\n\n"
        "| a |\n|---|\n| `tests/unit/test_gone.py`, `rrm_queue/gone.py` |\n"
    )
    (tmp_path / "CHANGELOG.md").write_text("`tests/test_of_old.py`\n")
    assert list(links.broken()) == [
        "README.md:1: test_gone.py: no such file",
        "README.md:5: tests/unit/test_gone.py: no such file",
        "README.md:5: rrm_queue/gone.py: no such file",
    ]


def test_slugs_are_those_of_github() -> None:
    (_, heading, _) = MarkdownIt().parse("## Ratings (`rrm_queue/ratings/`), 95 %")
    assert links.slug_of(heading) == "ratings-rrm_queueratings-95-"


def test_sphinx_builds_the_pages_without_a_warning(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "sphinx", "-W", "--keep-going", "-n", "-q"),
            *("-c", "docs", "-d", str(tmp_path / "doctrees"), ".", str(tmp_path / "html")),
        ],
        cwd=ROOT,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "html/docs/quickstart.html").is_file()
