"""What a command imports: a look at a job needs the store, and none of the heavy packages."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from kit.filled_store import Filling, fill

from rrm_queue.local.stack import Addresses
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database

JOB = Filling("aaaaaaaaaaaa", count=2, size=4, done=2, running=0)
BRACKET = Filling("bbbbbbbbbbbb", count=1, size=2, done=1, running=0)

HEAVY = {
    "aiohttp",
    "alembic",
    "celery",
    "evalica",
    "fastapi",
    "jinja2",
    "kombu",
    "numpy",
    "pandas",
    "pydantic",
    "redis",
    "scipy",
    "sqlalchemy",
    "sqlmodel",
}

UNREAD = ("rrm_queue.intake", "rrm_queue.judging.dialects", "rrm_queue.actions.options")
"""What a submission loads, and nothing else needs."""

# Of a judge that costs, the broker may hold a note.
END = text("""
    UPDATE jobs SET state = 'succeeded', finished_at = now(),
                    judge = '{"kind": "reference", "argument": ""}'
""")

DRAW = text("""
    WITH drawn AS (UPDATE jobs SET strategy = 'knockout' WHERE id = :job RETURNING id)
    UPDATE matches SET slot = 0 FROM drawn WHERE job_id = drawn.id
""")

IMPORTED = re.compile(r"^import time:.*\| +([\w.]+)$", re.M)


@pytest.fixture(scope="module")
def environment(module_database: Database, servers: Addresses) -> Mapping[str, str]:
    """The environment of a command that finds a job which has ended."""
    fill(module_database, JOB)
    fill(module_database, BRACKET)
    with module_database.begin() as tx:
        tx.execute(END)
        tx.execute(DRAW, {"job": BRACKET.job})
    ours = {"RRMQ_DATABASE_URL": module_database.url, "RRMQ_BROKER_URL": servers.broker_url}
    return {**os.environ, **ours}


def modules(environment: Mapping[str, str], *command: str) -> set[str]:
    """The modules that the command imports."""
    argv = [sys.executable, "-X", "importtime", "-m", "rrm_queue.cli.main", *command]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True)
    return set(IMPORTED.findall(done.stderr))


def imported(environment: Mapping[str, str], *command: str) -> set[str]:
    """The packages that the command imports."""
    return {module.partition(".")[0] for module in modules(environment, *command)}


@pytest.mark.parametrize(
    "command",
    [
        ("status", JOB.job),
        ("status", JOB.job, "--json"),
        ("list",),
        ("votes", JOB.job, "t1"),
        ("bracket", BRACKET.job, "t1"),
    ],
    ids=lambda command: " ".join(command[:1] + command[2:]),
)
def test_a_look_at_a_job_imports_no_heavy_package(
    environment: Mapping[str, str], command: tuple[str, ...]
) -> None:
    found = imported(environment, *command)
    assert "psycopg" in found
    assert found & HEAVY == set()


@pytest.mark.parametrize("verb", ["results", "leaderboard"])
def test_ratings_import_numpy_alone(environment: Mapping[str, str], verb: str) -> None:
    found = modules(environment, verb, JOB.job)
    assert {module.partition(".")[0] for module in found} & HEAVY == {"numpy"}
    assert "numpy.ma" not in found  # which `np.unique` and `np.quantile` load


def test_tables_of_standings_import_neither_json_shapes_nor_judges(
    environment: Mapping[str, str],
) -> None:
    found = modules(environment, "results", JOB.job)
    assert "rrm_queue.cli.render.tables" in found
    assert not found & {"rrm_queue.actions.schemas", "rrm_queue.judging.kinds"}


def test_a_report_imports_numpy_and_templates(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    """Not SciPy, nor formats of files and dialects of judges, which a submission needs."""
    found = modules(environment, "report", JOB.job, "-o", str(tmp_path / "report.html"))
    assert {module.partition(".")[0] for module in found} & HEAVY == {"jinja2", "numpy"}
    assert not {module for module in found if module.startswith(UNREAD)}


def test_a_diagnosis_imports_numpy_alone(environment: Mapping[str, str]) -> None:
    assert imported(environment, "diagnose", JOB.job) & HEAVY == {"numpy"}


def test_a_submission_imports_what_asks_the_broker(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    """Not the tables' models: SQLModel took half of the command's processor time.

    Neither does it load what only templates and a watched job need.
    """
    file = tmp_path / "answers.jsonl"
    file.write_text('{"prompt": "1 + 1?", "candidates": ["2", "3"], "reference": "2"}\n')
    found = imported(environment, "submit", str(file), "--judge", "reference")
    assert found & HEAVY == {"kombu", "redis"}
    assert "rich" not in found
