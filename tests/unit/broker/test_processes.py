"""Names of processes: which of them are known to have ended."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from rrm_queue.broker.processes import has_ended, process_name

NAMED = """
from rrm_queue.broker.processes import process_name
print(process_name(), flush=True)
input()
"""


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    """A process that prints its name and waits."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", NAMED], stdin=pipe, stdout=pipe, text=True) as one:
        yield one
        one.kill()


def name_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_process_has_ended_once_it_is_killed(process: subprocess.Popen[str]) -> None:
    name = name_of(process)
    assert not has_ended(name)
    process.kill()
    process.wait()
    assert has_ended(name)


@pytest.mark.parametrize("change", [("-", "0-"), ("-", ""), (":", "::")])
def test_a_process_of_another_machine_is_never_said_to_have_ended(
    process: subprocess.Popen[str], change: tuple[str, str]
) -> None:
    name = name_of(process)
    process.kill()
    process.wait()
    machine, mark, rest = name.rpartition(change[0])
    assert not has_ended(machine + change[1] + rest), mark


@pytest.mark.parametrize("name", ["", "me", "over", "host:1", "host:-1:a-b", "host:0:a-b", ":::"])
def test_what_is_no_name_has_not_ended(name: str) -> None:
    assert not has_ended(name)


def test_this_process_lives() -> None:
    assert not has_ended(process_name())
