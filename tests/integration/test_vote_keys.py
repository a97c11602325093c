"""Keys, seeds and sides come from the coordinator's own rows; only what answers now is reused."""

from uuid import UUID

import pytest
from kit.jobs import lines, submit_file
from kit.paid_votes import PAID, Worker, sent, view
from msgspec import structs

from rrm_queue.broker.client import BrokerClient
from rrm_queue.broker.leases import WorkerLeases
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.record import record
from rrm_queue.domain import JobState, Verdict, Vote
from rrm_queue.judging import vote_key as vote_key_module
from rrm_queue.judging.engines.sglang.wire import ServerInfo
from rrm_queue.judging.vote_key import vote_key
from rrm_queue.judging.vote_request import answers_by_number, batch_vote_request
from rrm_queue.messages import BatchMatch, JudgeBatch, MatchReport
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database

SGLANG = {"judge": {"kind": "sglang", "argument": "tiny"}, "queue": "rrmq.judge.openai"}


def one_batch(database: Database, broker: BrokerClient) -> JudgeBatch:
    dispatch(database, broker)
    (batch,) = sent(broker)
    return batch


class Model(Worker):
    """A worker whose votes name what gave them."""

    def __init__(self, model: str) -> None:
        super().__init__()
        self.model = model

    def vote(self, batch: JudgeBatch, match: BatchMatch, number: int) -> Vote:
        return structs.replace(super().vote(batch, match, number), model=self.model)


def test_a_forged_key_is_of_no_use_to_a_later_job(database: Database, broker: BrokerClient) -> None:
    """A vote on content that was never handed out crowned a loser, with no judge asked."""
    submit_file(database, lines([2, 2]), id="victim", **PAID)
    batch = one_batch(database, broker)
    request = batch_vote_request(batch, answers_by_number(batch), batch.matches[1], 1)
    theirs = vote_key(request, batch.voting.resamples)
    with database.begin() as tx:
        tx.execute(text("DELETE FROM jobs"))
    submit_file(database, lines([2]), id="liar", **PAID)
    given = one_batch(database, broker)
    vote = Worker().vote(given, given.matches[0], 1)
    loser = Verdict.FIRST if request.one.number < request.two.number else Verdict.SECOND
    forged = structs.replace(vote, key=theirs, verdict=loser, text="forged")
    record(database, given.outcomes("liar", [MatchReport(given.matches[0].match, [forged])]))
    with database.begin() as tx:
        assert tx.scalars(text("SELECT key FROM votes")).all() == [None]
    submit_file(database, lines([2, 2]), id="later", anew=True, **PAID)
    assert Worker().play(database, broker) == 2, "a judge is asked for both"
    assert view(database, "later").votes_reused == 0  # type: ignore[arg-type]  # an id


def test_a_vote_that_showed_the_other_side_is_dropped(
    database: Database, broker: BrokerClient
) -> None:
    job = submit_file(database, lines([2]), voting={"order": "random"}, **PAID)
    batch = one_batch(database, broker)
    vote = Worker().vote(batch, batch.matches[0], 1)
    turned = structs.replace(vote, swapped=not vote.swapped)
    record(database, batch.outcomes("liar", [MatchReport(batch.matches[0].match, [turned])]))
    assert (view(database, job).state, view(database, job).votes) == (JobState.RUNNING, 0)


@pytest.mark.parametrize("change", [{"seed": 5}, {"key": UUID(int=7)}, {"key": None}])
def test_a_vote_with_another_seed_or_key_counts_and_is_not_used_again(
    database: Database, broker: BrokerClient, change: dict[str, object]
) -> None:
    job = submit_file(database, lines([2]), **PAID)
    batch = one_batch(database, broker)
    vote = Worker().vote(batch, batch.matches[0], 1)
    odd = structs.replace(vote, **change)
    record(database, batch.outcomes("old", [MatchReport(batch.matches[0].match, [odd])]))
    assert view(database, job).state is JobState.SUCCEEDED
    with database.begin() as tx:
        assert tx.execute(text("SELECT key, seed FROM votes")).one() == (None, vote.seed)


def test_a_right_vote_keeps_its_key(database: Database, broker: BrokerClient) -> None:
    submit_file(database, lines([2]), **PAID)
    batch = one_batch(database, broker)
    vote = Worker().vote(batch, batch.matches[0], 1)
    record(database, batch.outcomes("me", [MatchReport(batch.matches[0].match, [vote])]))
    with database.begin() as tx:
        assert tx.execute(text("SELECT key, seed FROM votes")).one() == (vote.key, vote.seed)


def test_votes_of_an_endpoint_are_reused_while_its_newest_vote_names_the_same_model(
    database: Database, broker: BrokerClient
) -> None:
    submit_file(database, lines([4]), id="a", **PAID)
    assert Model("judge-1-march").play(database, broker) == 3
    submit_file(database, lines([4]), id="b", anew=True, **PAID)
    assert Model("judge-1-march").play(database, broker) == 0
    submit_file(database, lines([2]), id="c", seed=9, **PAID)
    assert Model("judge-1-june").play(database, broker) == 1, "the endpoint serves another now"
    submit_file(database, lines([4]), id="d", anew=True, **PAID)
    assert Model("judge-1-june").play(database, broker) == 3


def test_two_checkpoints_of_one_name_share_no_votes(
    database: Database, broker: BrokerClient
) -> None:
    queue = SGLANG["queue"]
    march, june = (
        ServerInfo("0.5.15", 1, 1, model_path=f"/models/{name}/rrm").answering("tiny")
        for name in ("march", "june")
    )
    assert march != june
    worker = WorkerLeases(broker.client, "w")
    played = []
    for id_, model in (("a", march), ("b", march), ("c", june), ("d", june)):
        worker.announce({str(queue): 64}, model)
        submit_file(database, lines([4]), id=id_, anew=True, **SGLANG)
        played.append(Model(model).play(database, broker))
    assert played == [3, 0, 3, 0]
    worker.announce({str(queue): 64}, "")
    submit_file(database, lines([4]), id="e", anew=True, **SGLANG)
    assert Model(june).play(database, broker) == 3, "nothing is reused before a worker says it"
    worker.withdraw([str(queue)])
    submit_file(database, lines([4]), id="f", anew=True, **SGLANG)
    assert Model(june).play(database, broker) == 0, "without a worker, what answered last"


def test_another_prompt_makes_another_key(
    database: Database, broker: BrokerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit_file(database, lines([2]), id="a", **PAID)
    assert Worker().play(database, broker) == 1
    monkeypatch.setattr(vote_key_module, "PROMPT_VERSION", 99)
    submit_file(database, lines([2]), id="b", anew=True, **PAID)
    assert Worker().play(database, broker) == 1
