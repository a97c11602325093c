"""Whatever a user can get wrong is one line that says so, and leaves nothing behind."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.command import Rrmq

GOOD = b'{"prompt": "p", "candidates": ["a", "b"], "reference": "a"}\n'

BAD_LINES = {
    "not JSON": b"{not json\n",
    "a missing prompt": b'{"candidates": ["a", "b"], "reference": "a"}\n',
    "no candidate": b'{"prompt": "p", "candidates": [], "reference": "a"}\n',
    "one candidate": b'{"prompt": "p", "candidates": ["a"], "reference": "a"}\n',
    "the same id twice": b'{"prompt": "p", "candidates": [{"id": 1, "text": "a"}, '
    b'{"id": "1", "text": "b"}], "reference": "a"}\n',
    "an empty text": b'{"prompt": "p", "candidates": ["a", ""], "reference": "a"}\n',
    "a wrong type": b'{"prompt": 7, "candidates": ["a", "b"], "reference": "a"}\n',
    "invalid UTF-8": b'{"prompt": "\xff", "candidates": ["a", "b"], "reference": "a"}\n',
    "no reference": b'{"prompt": "p", "candidates": ["a", "b"]}\n',
}


@pytest.fixture(autouse=True)
def nothing_stays(rrmq: Rrmq) -> Iterator[None]:
    yield
    assert rrmq.ok("list", "--json") == ""


@pytest.mark.parametrize("name", BAD_LINES)
def test_a_bad_line_is_named_with_its_number_and_a_reason(rrmq: Rrmq, name: str) -> None:
    done = rrmq("submit", "-", file=GOOD + BAD_LINES[name])
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert ":2: " in line
    assert "Traceback" not in line


def test_every_bad_line_is_named_up_to_twenty(rrmq: Rrmq) -> None:
    done = rrmq("submit", "-", file=b"".join(BAD_LINES.values()) * 5)
    *kinds, stopped = done.stderr.splitlines()
    assert stopped == "rrmq: reading stopped after 20 bad lines"
    assert len(kinds) == len(BAD_LINES)
    lines = [re.findall(r"-:(\d+): ", kind) for kind in kinds]
    lines += [re.findall(r"\d+", kind.partition(" like it: ")[2]) for kind in kinds]
    named = [int(number) for numbers in lines for number in numbers]
    assert sorted(named) == list(range(1, 21))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("submit", "nowhere.jsonl"), "nowhere.jsonl"),
        (("submit", "-"), "empty"),
        (("submit", "-", "--strategy", "roulette"), "roulette"),
        (("submit", "-", "--judge", "oracle"), "oracle"),
        (("submit", "-", "--judge", "replay:nowhere.jsonl"), "nowhere.jsonl"),
        (("submit", "-", "--votes", "0"), "--votes"),
        (("submit", "/"), "directory"),
        (("submit",), "FILE"),
        (("status", "\udcff"), "locale"),
        (("frobnicate",), "frobnicate"),
        (("status", "no-such-job"), "no-such-job"),
        (("results", "no-such-job"), "no-such-job"),
        (("bracket", "no-such-job"), "no-such-job"),
        (("cancel", "no-such-job"), "no-such-job"),
    ],
)
def test_a_wrong_command_is_one_line(rrmq: Rrmq, arguments: tuple[str, ...], says: str) -> None:
    done = rrmq(*arguments)
    assert done.returncode in (1, 2)
    assert len(done.stderr.splitlines()) == 1
    assert says in done.stderr


def test_without_a_verb_the_help_is_shown_as_it_is(rrmq: Rrmq) -> None:
    done = rrmq()
    assert done.returncode == 2
    assert done.stderr.startswith("Usage: rrmq")


def test_another_postgres_of_the_users_does_not_matter(rrmq: Rrmq) -> None:
    other = {
        "PGHOST": "nowhere",
        "PGPORT": "5433",
        "PGUSER": "somebody",
        "PGDATABASE": "other",
        "PGOPTIONS": "-c search_path=foo",
        "PGCLIENTENCODING": "LATIN1",
        "PGSSLMODE": "verify-full",
        "PGGSSENCMODE": "require",
        "PGCHANNELBINDING": "require",
        "PGREQUIREAUTH": "scram-sha-256",
        "PGTARGETSESSIONATTRS": "standby",
        "PGTZ": "Asia/Tokyo",
    }
    assert Rrmq(rrmq.environment | other)("list").returncode == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RRMQ_DATABASE_URL", "postgresql://rrmq:secret@127.0.0.1:abc/db"),
        ("RRMQ_DATABASE_URL", "postgresql://rrmq:s@secret:pw@127.0.0.1:9/db"),
        ("RRMQ_DATABASE_URL", "postgresql://rrmq:secret@127.0.0.1:9/db?frobnicate=1"),
        ("RRMQ_DATABASE_URL", "mysql://rrmq:secret@127.0.0.1/db"),
        ("RRMQ_BROKER_URL", "amqp://rrmq:secret@127.0.0.1"),
        ("RRMQ_LOG_LEVEL", "loud"),
    ],
)
def test_a_setting_that_cannot_be_read_is_one_line_without_its_secrets(
    rrmq: Rrmq, example: Path, name: str, value: str
) -> None:
    there = {
        "RRMQ_DATABASE_URL": "postgresql://rrmq@127.0.0.1:9/db",
        "RRMQ_BROKER_URL": "redis://127.0.0.1:9",
    }
    done = Rrmq(rrmq.environment | there | {name: value})("submit", str(example))
    assert done.returncode in (1, 2)
    assert len(done.stderr.splitlines()) == 1
    assert "secret" not in done.stderr
    assert done.stdout == ""


def test_a_home_that_cannot_be_is_one_line(rrmq: Rrmq, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = Rrmq(rrmq.environment | {"RRMQ_HOME": str(tmp_path / "file")})("list")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)


@pytest.mark.parametrize("arguments", [(), ("--dry-run",)])
def test_an_input_that_unpacks_to_too_much_is_one_line(
    rrmq: Rrmq, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    bomb = tmp_path / "bomb.jsonl.gz"
    bomb.write_bytes(gzip.compress(GOOD * 200_000))
    limited = Rrmq(rrmq.environment | {"RRMQ_MAX_INPUT": "5MB"})
    done = limited("submit", str(bomb), *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "rrmq: The input is too large: it unpacks to more than 5 MB; "
        "RRMQ_MAX_INPUT sets the limit\n"
    )


def test_a_limit_that_is_no_size_is_one_line(rrmq: Rrmq) -> None:
    done = Rrmq(rrmq.environment | {"RRMQ_MAX_INPUT": "huge"})("submit", "-", file=GOOD)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "RRMQ_MAX_INPUT" in line


def test_a_template_that_nests_too_deep_is_one_line(rrmq: Rrmq, tmp_path: Path) -> None:
    template = tmp_path / "deep.jinja"
    deep = "{% if reference %}" * 2000 + "{% endif %}" * 2000
    template.write_text("{{ question }}{{ answer_1 }}{{ answer_2 }}" + deep)
    done = rrmq("submit", "-", "--judge", "openai:m", "--template", str(template), file=GOOD)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert "the template nests too deep: at most 20 conditions within each other" in line
