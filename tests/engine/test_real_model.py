"""A job judged by a real instruction-tuned model: it rambles, stops early, and forgets the box."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from kit.engine_votes import judged_at
from kit.jobs import submit_file
from kit.paid_votes import sent, view
from kit.sglang_process import SglangProcess, running_sglang

from rrm_queue.broker.client import BrokerClient
from rrm_queue.cli.main import rrmq
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.record import record
from rrm_queue.domain import JobId, JobState
from rrm_queue.local.stack import Addresses
from rrm_queue.store.database import Database

QUEUE = "rrmq.judge.smollm2"
BUDGET = 32  # tokens of a text
VOTES = 3
ANSWERS = {
    "paris": "The capital of France is Paris.",
    "lyon": "It is Lyon, I think.",
    "none": "I do not know.",
}
FILE = {
    "id": "t",
    "prompt": "What is the capital of France?",
    "candidates": [{"id": key, "text": text} for key, text in ANSWERS.items()],
}
RAMBLING: dict[str, Any] = {}
"""RRM's prompt is long for it: it goes on until it is cut off."""

FORGETFUL = {
    "template": "Question: {{ question }}\n"
    "Assistant 1: {{ answer_1 }}\n"
    "Assistant 2: {{ answer_2 }}\n"
    "Which is better? Reply \\boxed{Assistant 1} or \\boxed{Assistant 2}."
}
"""It answers briefly, mostly without the box."""

HELD = {"dialect": "brackets", "regex": r"[a-z]{1,12}\[\[(A|B)\]\]"}
"""It must end with a mark after a word of its own."""

MARK = re.compile(r"\\boxed\{Assistant (1|2)\}|\[\[(A|B)\]\]")
OPENING = re.compile(r"\\boxed\{|\[\[")


@pytest.fixture(scope="module")
def server(
    engine_python: Path, real_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SglangProcess]:
    log = tmp_path_factory.mktemp("real") / "server.log"
    with running_sglang(engine_python, real_model, log) as running:
        yield running


def judged(
    database: Database, broker: BrokerClient, server: SglangProcess, settings: dict[str, Any]
) -> JobId:
    """A job of all pairs of the answers, RRM's prompt, all votes cast and none asked again."""
    judge = {"kind": "sglang", "argument": "smollm2", "max_tokens": BUDGET} | settings
    job = submit_file(
        database,
        json.dumps(FILE).encode(),
        judge=judge,
        queue=QUEUE,
        strategy="elo",
        voting={"votes": VOTES, "stop": "never", "resamples": 0, "keep_going": True},
        reference=False,
    )
    while dispatch(database, broker):
        for batch in sent(broker, QUEUE):
            record(database, batch.outcomes("me", judged_at(server.url, batch)))
    return job


@pytest.mark.parametrize(
    "settings", [RAMBLING, FORGETFUL, HELD], ids=["rambling", "forgetful", "held to a mark"]
)
def test_a_job_ends_with_what_the_texts_say_and_no_more(
    database: Database,
    broker: BrokerClient,
    servers: Addresses,
    server: SglangProcess,
    settings: dict[str, Any],
) -> None:
    job = judged(database, broker, server, settings)
    environment = {"RRMQ_DATABASE_URL": database.url, "RRMQ_BROKER_URL": servers.broker_url}

    def told(*line: str) -> list[dict[str, Any]]:
        done = CliRunner().invoke(rrmq, [*line, "--json"], env=environment)
        assert done.exit_code == 0, done.output
        return [json.loads(row) for row in done.stdout.splitlines()]

    assert view(database, job).state is JobState.SUCCEEDED
    matches = told("votes", job, "--full")
    assert len(matches) == len(ANSWERS) * (len(ANSWERS) - 1) // 2
    silent: Counter[str] = Counter()
    for match in matches:
        assert len(match["cast"]) == VOTES
        counted = [vote["for"] for vote in match["cast"] if vote["for"] is not None]
        for vote in match["cast"]:
            holds(vote, match)
            if vote["for"] is None:
                silent[vote["no_verdict"]] += 1
        sides = Counter(counted)
        assert (match["for_first"], match["for_second"]) == (
            sides[match["first"]],
            sides[match["second"]],
        )
        ahead = sides[match["first"]] - sides[match["second"]]
        winner = {True: match["first"], False: match["second"]}[ahead > 0] if ahead else None
        assert match["winner"] == winner, "equal votes, such as none at all, are a draw"
    print(f"{silent} of {len(matches) * VOTES} votes are silent")
    assert bool(silent) is (settings is not HELD), "of itself the model often ends without a mark"
    assert set(silent) <= {"truncated", "no box", "off the menu"}
    findings = {one["name"]: one for one in told("diagnose", job)[0]["findings"]}
    found = findings["no_verdict"]
    assert (found["n"], round(found["estimate"] * found["n"])) == (9, silent.total())


def holds(vote: dict[str, Any], match: dict[str, Any]) -> None:
    """The vote is for the side that the last mark of its text names, or says why there is none."""
    marks = ["".join(found) for found in MARK.findall(vote["text"])]
    cut = vote["tokens"]["completion"] >= BUDGET
    if vote["for"] is not None:
        other = ({match["first"], match["second"]} - {vote["shown_first"]}).pop()
        assert vote["for"] == (vote["shown_first"] if marks[-1] in ("1", "A") else other)
        ended = vote["text"].rstrip(" .$\n").endswith(("}", "]"))
        assert ended or not cut, "a text that was cut off may have gone on to another mark"
    elif vote["no_verdict"] == "truncated":
        assert cut
    elif vote["no_verdict"] == "no box":
        assert not OPENING.search(vote["text"])
    else:
        assert len(OPENING.findall(vote["text"])) != 1 or not marks
    assert vote["text"].strip(), "the model wrote something"
