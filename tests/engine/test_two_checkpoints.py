"""Two checkpoints of one name on real SGLang servers: no vote of one is used for the other."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from kit.engine_votes import judged_at
from kit.jobs import lines, submit_file
from kit.paid_votes import QUEUE, sent, view
from kit.sglang_process import SglangProcess, make_model, running_sglang
from kit.waiting import PATIENCE
from rrm_worker.served_model import served_model

from rrm_queue.broker.client import BrokerClient
from rrm_queue.broker.leases import WorkerLeases
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.record import record
from rrm_queue.domain import JobId, JobState
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database

MATCHES = 4
REGEX = r"so</think>\n\\boxed\{Assistant (1|2)\}"
JOB = {
    "judge": {"kind": "sglang", "argument": "tiny", "regex": REGEX, "max_tokens": 64},
    "queue": QUEUE,
    "reference": False,
}


@pytest.fixture(scope="module")
def other_server(
    engine_python: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SglangProcess]:
    """A server of a model with other weights, whose folder has the same name."""
    folder = tmp_path_factory.mktemp("other")
    model = make_model(engine_python, folder / "model0", seed=1)
    with running_sglang(engine_python, model, folder / "server.log") as running:
        yield running


def play(database: Database, broker: BrokerClient, url: str, job: str) -> tuple[int, set[str]]:
    """Submits the same file once more; how many matches were judged, and whose votes count."""
    submit_file(database, lines([2] * MATCHES), id=job, anew=True, **JOB)
    model = served_model(url, "sglang:tiny")().model
    WorkerLeases(broker.client, "me").announce({QUEUE: 8}, model)
    judged = 0
    while dispatch(database, broker):
        for batch in sent(broker):
            judged += len(batch.matches)
            record(database, batch.outcomes("me", judged_at(url, batch)))
    assert view(database, JobId(job)).state is JobState.SUCCEEDED
    with database.begin() as tx:
        models = text(
            "SELECT DISTINCT v.model FROM votes v JOIN matches m ON m.id = v.match_id "
            "WHERE m.job_id = :job"
        )
        return judged, set(tx.scalars(models, {"job": job}))


def test_votes_of_another_checkpoint_of_the_same_name_are_not_reused(
    database: Database,
    broker: BrokerClient,
    sglang_server: SglangProcess,
    other_server: SglangProcess,
) -> None:
    first = play(database, broker, sglang_server.url, "first")
    other = play(database, broker, other_server.url, "other")
    again = play(database, broker, sglang_server.url, "again")
    assert [first[0], other[0], again[0]] == [MATCHES, MATCHES, 0]
    assert first[1] == again[1]
    assert first[1].isdisjoint(other[1])


def test_votes_of_weights_that_were_replaced_are_not_reused(
    database: Database, broker: BrokerClient, other_server: SglangProcess
) -> None:
    before = play(database, broker, other_server.url, "before")
    url = f"{other_server.url}/update_weight_version"
    httpx2.post(url, json={"new_version": "2"}, timeout=PATIENCE).raise_for_status()
    after = play(database, broker, other_server.url, "after")
    assert (before[0], after[0]) == (MATCHES, MATCHES)
    assert before[1].isdisjoint(after[1])
