"""Compiled templates are kept like Python's own byte code, and nothing hangs on it."""

import sys
from pathlib import Path

import pytest
from jinja2 import BytecodeCache, DictLoader, Environment

from rrm_queue.reports.compiled import compiled


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BytecodeCache:
    """The cache of a module whose byte code is in a folder of its own."""
    spec = sys.modules[compiled.__module__].__spec__
    assert spec is not None
    monkeypatch.setattr(spec, "cached", str(tmp_path / "x.pyc"))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    cache = compiled(compiled.__module__)
    assert cache is not None
    return cache


def filled(cache: BytecodeCache, source: str, word: str = "b") -> str:
    environment = Environment(loader=DictLoader({"t": source}), bytecode_cache=cache)  # noqa: S701  # no page
    return environment.get_template("t").render(word=word)


def test_a_template_is_compiled_once(
    kept: BytecodeCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert filled(kept, "a {{ word }}") == "a b"
    assert len(list(tmp_path.iterdir())) == 1
    with monkeypatch.context() as patch:
        patch.setattr(Environment, "compile", lambda *_: pytest.fail("it was kept"))
        assert filled(kept, "a {{ word }}", "c") == "a c"
    assert filled(kept, "another {{ word }}") == "another b"


def test_a_broken_file_is_compiled_again(kept: BytecodeCache, tmp_path: Path) -> None:
    filled(kept, "a {{ word }}")
    (file,) = tmp_path.iterdir()
    for content in (b"", b"nonsense", file.read_bytes()[:-20]):
        file.write_bytes(content)
        assert filled(kept, "a {{ word }}") == "a b"


def test_nothing_is_kept_where_python_keeps_nothing(
    kept: BytecodeCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert filled(kept, "a {{ word }}") == "a b"
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_missing_does_not_matter(kept: BytecodeCache, tmp_path: Path) -> None:
    tmp_path.rmdir()
    assert filled(kept, "a {{ word }}") == "a b"
