"""A job from the command line to its results, on a local stack that starts by itself."""

import json
import os
import random
import signal
from pathlib import Path

import pytest
from kit.command import Rrmq
from kit.local_stacks import postgres
from kit.processes import lives
from kit.waiting import PATIENCE, eventually

from rrm_queue.local.stack import LocalStack


@pytest.fixture(scope="module")
def job(rrmq: Rrmq, example: Path) -> str:
    """The example, ranked."""
    status = json.loads(rrmq.ok("submit", str(example), "--watch", "--json"))
    assert status["state"] == "succeeded"
    return str(status["job"])


def test_the_status_has_the_shape_that_scripts_rely_on(rrmq: Rrmq, job: str) -> None:
    status = json.loads(rrmq.ok("status", job[:6], "--json"))
    assert status["job"] == job
    assert (status["strategy"], status["judge"]) == ("knockout", "reference")
    assert status["tournaments"] == {"total": 12, "done": 12, "failed": 0}
    assert status["matches"] == {"done": 84, "out": 0, "ready": 0}
    assert status["votes"] == 84
    assert status["tokens"] == {"prompt": 0, "cached": 0, "completion": 0}
    assert status["started_at"] < status["finished_at"]


def test_every_champion_is_right(rrmq: Rrmq, job: str, example: Path) -> None:
    given = {line["id"]: line for line in map(json.loads, example.read_text().splitlines())}
    results = [json.loads(line) for line in rrmq.ok("results", job, "--json").splitlines()]
    assert [result["tournament"] for result in results] == list(given)
    for result in results:
        assert len(result["standings"]) == 8
        assert result["standings"][0]["candidate"] == result["champion"]
        assert set(result["standings"][0]) >= {
            "candidate",
            "rank",
            "wins",
            "losses",
            "draws",
            "elo",
            "bt",
        }
        tournament = given[result["tournament"]]
        texts = {c["id"]: c["text"] for c in tournament["candidates"]}
        assert str(tournament["reference"]) in texts[result["champion"]]


def test_the_bracket_and_the_list_show_the_job(rrmq: Rrmq, job: str) -> None:
    champion = json.loads(rrmq.ok("results", job, "--json").splitlines()[0])["champion"]
    assert champion in rrmq.ok("bracket", job)
    assert job in rrmq.ok("list")
    assert rrmq.ok("results", job, "--csv").count("\n") == 1 + 12 * 8


def test_an_ended_job_can_be_cancelled_in_vain(rrmq: Rrmq, job: str) -> None:
    rrmq.ok("cancel", job)
    assert json.loads(rrmq.ok("status", job, "--json"))["state"] == "succeeded"


def recorded(folder: Path, tournaments: int, size: int) -> tuple[Path, Path, dict[str, str]]:
    """Answers and recorded verdicts of tournaments whose strength is a seeded order."""
    answers: list[dict[str, object]] = []
    verdicts: list[dict[str, object]] = []
    champions: dict[str, str] = {}
    for number in range(tournaments):
        strength = random.Random(number).sample(range(size), size)
        champions[f"t{number}"] = str(strength.index(size - 1))
        answers.append(
            {
                "id": f"t{number}",
                "prompt": "Which one?",
                "candidates": [{"id": str(c), "text": f"answer {c}"} for c in range(size)],
            }
        )
        verdicts += [
            {
                "tournament": f"t{number}",
                "first": str(a),
                "second": str(b),
                "winner": str(a if strength[a] > strength[b] else b),
            }
            for a in range(size)
            for b in range(a + 1, size)
        ]
    paths = folder / "answers.jsonl", folder / "verdicts.jsonl"
    for path, rows in zip(paths, (answers, verdicts), strict=True):
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return *paths, champions


@pytest.mark.parametrize("strategy", ["knockout", "elo"])
def test_recorded_verdicts_give_the_recorded_champions(
    rrmq: Rrmq, tmp_path: Path, strategy: str
) -> None:
    answers, verdicts, champions = recorded(tmp_path, tournaments=20, size=13)
    options = ("--strategy", strategy, "--judge", f"replay:{verdicts}", "--votes", "3")
    status = json.loads(rrmq.ok("submit", str(answers), *options, "--watch", "--json"))
    matches = 20 * (12 if strategy == "knockout" else 78)
    assert status["matches"] == {"done": matches, "out": 0, "ready": 0}
    assert status["votes"] == 2 * matches  # two of three decide
    results = map(json.loads, rrmq.ok("results", status["job"], "--json").splitlines())
    assert {result["tournament"]: result["champion"] for result in results} == champions


def test_a_pair_that_is_not_recorded_fails_its_tournament(rrmq: Rrmq, tmp_path: Path) -> None:
    answers, verdicts, _ = recorded(tmp_path, tournaments=2, size=4)
    kept = [line for line in verdicts.read_text().splitlines() if '"t1"' in line]
    verdicts.write_text("\n".join(kept))
    done = rrmq("submit", str(answers), "--judge", f"replay:{verdicts}", "--watch", "--json")
    status = json.loads(done.stdout)
    assert (done.returncode, status["state"]) == (3, "partial")
    assert status["tournaments"] == {"total": 2, "done": 1, "failed": 1}


def pids(rrmq: Rrmq) -> list[int]:
    """The processes of the local stack: two servers, coordinator, worker and guard."""
    home = Path(rrmq.environment["RRMQ_HOME"])
    return [int(lock.read_text()) for lock in (home / "run").glob("*.lock") if lock.stat().st_size]


def test_killed_servers_are_found_again_with_all_that_was_stored(rrmq: Rrmq, job: str) -> None:
    before = rrmq.ok("results", job, "--json")
    running = pids(rrmq)
    for request in (signal.SIGSTOP, signal.SIGKILL):  # none lives on to see another's death
        for pid in running:
            os.kill(pid, request)
    assert rrmq.ok("results", job, "--json") == before
    rrmq.ok("up")
    rrmq.ok("doctor")


def test_down_ends_every_process_and_up_goes_on(rrmq: Rrmq, job: str) -> None:
    running = pids(rrmq)
    assert len(running) == 5
    rrmq.ok("down")
    assert not any(lives(pid) for pid in running)
    assert rrmq("doctor").returncode == 1
    rrmq.ok("up")
    assert json.loads(rrmq.ok("status", job, "--json"))["state"] == "succeeded"


def stop_in_the_middle(rrmq: Rrmq, worker: int) -> None:
    """Stops the stack; from now on the worker judges only what it has begun."""
    os.kill(worker, signal.SIGSTOP)
    down = rrmq.start("down")
    assert down.stdout is not None
    assert any(b"waiting for the worker" in line for line in iter(down.stdout.readline, b""))
    os.kill(worker, signal.SIGCONT)  # its first act is to hear that it is to end
    said, _ = down.communicate(timeout=PATIENCE)
    assert down.returncode == 0, said


def test_a_job_in_the_middle_goes_on_after_down_and_up(rrmq: Rrmq, tmp_path: Path) -> None:
    file = tmp_path / "many.jsonl"
    with file.open("w") as lines:
        for number in range(300):
            candidates = [f"Step {n}: the answer is {n}." for n in range(12)]
            row = {"prompt": f"Which? ({number})", "candidates": candidates, "reference": "11"}
            lines.write(json.dumps(row) + "\n")
    submitted = json.loads(rrmq.ok("submit", str(file), "--strategy", "elo", "--json"))
    job = submitted["job"]
    home = Path(rrmq.environment["RRMQ_HOME"])
    addresses = LocalStack(home).addresses
    done = f"SELECT matches_done FROM jobs WHERE id = '{job}' AND matches_done > 0"  # noqa: S608
    eventually(lambda: postgres(addresses, done), "a match is judged")
    stop_in_the_middle(rrmq, int((home / "run" / "worker.lock").read_text()))
    stopped = json.loads(rrmq.ok("list", "--json").splitlines()[0])
    assert (stopped["job"], stopped["state"]) == (job, "running"), "it was to be in the middle"
    rrmq.ok("up")
    ended = json.loads(rrmq.ok("status", job, "--watch", "--json"))
    assert (ended["state"], ended["votes"]) == ("succeeded", 300 * 66)
    again = json.loads(rrmq.ok("submit", str(file), "--strategy", "elo", "--json"))
    assert (again["job"], again["new"], again["state"]) == (job, False, "succeeded")
