"""The coordinator's walk on real Postgres and Valkey, with the test in the worker's place."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from kit.jobs import judged, lines, play, received, record_waiting, submit_file, waiting_flushes
from kit.waiting import eventually
from msgspec import structs

from rrm_queue.actions.formatting import tokens
from rrm_queue.broker.client import BrokerClient
from rrm_queue.broker.inbox import PLACES_KEY
from rrm_queue.coordinator.batching import BATCH
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.losses import ATTEMPTS
from rrm_queue.coordinator.record import record
from rrm_queue.coordinator.service import Coordinator
from rrm_queue.coordinator.window import LEAST_WINDOW
from rrm_queue.domain import BatchId, JobId, JobState, TournamentState, Verdict, Vote
from rrm_queue.messages import Answer, Failure, JudgeBatch, MatchReport, Outcomes, Question
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.queue import control, planning
from rrm_queue.store.views import jobs as store_jobs
from rrm_queue.store.views.results import job_results
from rrm_queue.views.jobs import JobView
from rrm_queue.views.tournaments import TournamentResult


def view(database: Database) -> JobView:
    with database.begin() as tx:
        return store_jobs.list_jobs(tx, 1)[0]


def results(database: Database) -> list[TournamentResult]:
    job = view(database).id
    with database.begin() as tx:
        return list(job_results(tx, job))


def test_a_cache_never_gives_more_than_it_can(database: Database, broker: BrokerClient) -> None:
    """Two prompts of two answers: each is asked once, and finds the common system text cached."""
    submit_file(database, lines([2, 2]), judge={"kind": "openai", "argument": "m"})
    while dispatch(database, broker):
        for batch in received(broker):
            votes = [
                MatchReport(
                    match.match,
                    [
                        Vote(
                            1,
                            Verdict.FIRST,
                            prompt_tokens=900,
                            cached_tokens=350,
                            query_tokens=500,
                            slot_tokens=700,
                        )
                    ],
                )
                for match in batch.matches
            ]
            record(database, batch.outcomes("test", votes))
    found = view(database)
    assert found.state is JobState.SUCCEEDED
    assert (found.shareable_tokens, found.shared_tokens) == (700, 700)
    assert tokens(found) == "1.8k prompt (38.9% cached, 100.0% of what can be), 0 completion"


@pytest.mark.parametrize("strategy", ["knockout", "elo"])
def test_a_job_ends_with_exactly_the_matches_its_strategy_needs(
    database: Database, broker: BrokerClient, strategy: str
) -> None:
    sizes = [2, 3, 7, 8, 13, 32]
    submit_file(database, lines(sizes), strategy=strategy)
    play(database, broker)
    job = view(database)
    needed = [n - 1 if strategy == "knockout" else n * (n - 1) // 2 for n in sizes]
    assert (job.state, job.matches_done, job.votes) == (
        JobState.SUCCEEDED,
        sum(needed),
        sum(needed),
    )
    assert (job.tournaments_done, job.out, job.ready) == (len(sizes), 0, 0)
    assert job.started_at is not None
    assert job.finished_at is not None
    for size, result in zip(sizes, results(database), strict=True):
        assert result.champion == f"c{size - 1}"
        assert sorted(line.key for line in result.standings) == sorted(f"c{i}" for i in range(size))


@pytest.mark.parametrize("strategy", ["knockout", "elo"])
def test_repeats_and_another_order_change_nothing(
    database: Database, broker: BrokerClient, strategy: str
) -> None:
    submit_file(database, lines([6, 11, 16]), strategy=strategy)
    play(database, broker)
    undisturbed = results(database)
    with database.begin() as tx:
        tx.execute(text("TRUNCATE jobs CASCADE"))
    for chaos in (1, 2):
        submit_file(database, lines([6, 11, 16]), strategy=strategy, id=f"chaos{chaos}")
        play(database, broker, chaos=chaos)
        job = view(database)
        assert (job.state, job.votes) == (JobState.SUCCEEDED, job.matches_done)
        assert results(database) == undisturbed


def test_no_more_is_out_than_the_window_allows(database: Database, broker: BrokerClient) -> None:
    submit_file(database, lines([64] * 40))
    assert dispatch(database, broker) == LEAST_WINDOW
    assert dispatch(database, broker) == 0
    assert all(len(batch.matches) <= BATCH for batch in received(broker))
    with database.begin() as tx:
        waiting = tx.scalar(text("SELECT count(*) FROM tournaments WHERE state = 'waiting'"))
    assert waiting == 38  # 64 matches of round 1 come from two tournaments of 64


def test_a_message_holds_all_that_its_matches_need(
    database: Database, broker: BrokerClient
) -> None:
    submit_file(database, lines([5]), strategy="elo", voting={"votes": 3}, seed=11)
    dispatch(database, broker)
    (batch,) = received(broker)
    answers = [Answer(i, f"c{i}", f"It is {i}.") for i in range(5)]
    assert batch.questions == [Question("t0", "Which is largest? (0)", "4", answers)]
    assert (len(batch.matches), batch.voting.votes, batch.seed) == (10, 3, 11)
    assert sorted(m.first for m in batch.matches) == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_small_tournaments_share_a_message(database: Database, broker: BrokerClient) -> None:
    submit_file(database, lines([2, 3, 2]))
    assert dispatch(database, broker) == 3
    (batch,) = received(broker)
    assert [question.tournament for question in batch.questions] == ["t0", "t1", "t2"]
    assert [match.question for match in batch.matches] == [0, 1, 2]
    for question in batch.questions:
        assert len(question.answers) == 2, "each answer once, and only those that play"


def test_a_draw_in_a_knockout_is_broken_by_a_coin_and_said(
    database: Database, broker: BrokerClient
) -> None:
    submit_file(database, lines([2]))
    dispatch(database, broker)
    (batch,) = received(broker)
    record(
        database,
        batch.outcomes("test", [MatchReport(batch.matches[0].match, [Vote(1, Verdict.TIE)])]),
    )
    with database.begin() as tx:
        match = tx.execute(text("SELECT winner, decided_by FROM matches")).one()
    assert match.winner in (0, 1)
    assert match.decided_by == "coin"
    assert view(database).state is JobState.SUCCEEDED


def test_what_postgres_cannot_store_stops_nothing(database: Database, broker: BrokerClient) -> None:
    submit_file(database, lines([3]))
    while dispatch(database, broker):
        for batch in received(broker):
            reports = [
                MatchReport(m.match, [Vote(1, Verdict.FIRST, text="a\0b")]) for m in batch.matches
            ]
            record(database, batch.outcomes("test", reports))
    with database.begin() as tx:
        assert set(tx.scalars(text("SELECT text FROM votes"))) == {"a\ufffdb"}
    assert view(database).state is JobState.SUCCEEDED


def let_waits_pass(database: Database) -> None:
    with database.begin() as tx:
        tx.execute(text("UPDATE matches SET not_before = now() WHERE not_before IS NOT NULL"))


def failed(batch: JudgeBatch, *, transient: bool) -> Outcomes:
    return failed_of(batch, set(range(len(batch.questions))), transient=transient)


def failed_of(batch: JudgeBatch, questions: set[int], *, transient: bool = False) -> Outcomes:
    """What the test's judge says, but that it fails at these questions."""
    failure = Failure("no luck", transient)
    at = {match.match: match.question for match in batch.matches}
    outcomes = judged(batch)
    reports = [
        MatchReport(r.match, [], failure) if at[r.match] in questions else r
        for r in outcomes.matches
    ]
    return structs.replace(outcomes, matches=reports)


def test_a_failed_match_fails_its_tournament_and_the_job_goes_on(
    database: Database, broker: BrokerClient
) -> None:
    submit_file(database, lines([8, 4]))
    dispatch(database, broker)
    for batch in received(broker):
        record(database, failed_of(batch, {0}))
    play(database, broker)
    job = view(database)
    assert (job.state, job.tournaments_done, job.tournaments_failed) == (JobState.PARTIAL, 1, 1)
    lost, won = results(database)
    assert (lost.state, lost.standings) == (TournamentState.FAILED, [])
    assert lost.error is not None
    assert lost.error.endswith("no luck")
    assert won.champion == "c3"


def test_a_transient_failure_is_tried_again_up_to_the_limit(
    database: Database, broker: BrokerClient
) -> None:
    submit_file(database, lines([2]))
    for attempt in range(ATTEMPTS):
        assert view(database).state is not JobState.FAILED, attempt
        assert dispatch(database, broker) == 1
        for batch in received(broker):
            record(database, failed(batch, transient=True))
        assert dispatch(database, broker) == 0, "not at once"
        let_waits_pass(database)
    assert view(database).state is JobState.FAILED
    assert dispatch(database, broker) == 0


def test_a_cancelled_job_is_neither_planned_nor_dispatched_any_more(
    database: Database, broker: BrokerClient
) -> None:
    job = submit_file(database, lines([8] * 100))
    dispatch(database, broker)
    with database.begin() as tx:
        assert control.cancel_job(tx, job)
        assert not control.cancel_job(tx, job)
    for batch in received(broker):
        record(database, judged(batch))
    assert dispatch(database, broker) == 0
    assert view(database).state is JobState.CANCELLED


def test_a_failure_counts_once_and_only_from_the_batch_that_has_the_match(
    database: Database, broker: BrokerClient
) -> None:
    submit_file(database, lines([2]))
    dispatch(database, broker)
    (first,) = received(broker)
    for _ in range(3):
        record(database, failed(first, transient=True))
    let_waits_pass(database)
    dispatch(database, broker)
    (second,) = received(broker)
    record(database, failed(first, transient=False))
    with database.begin() as tx:
        match = tx.execute(text("SELECT state, attempt, batch_id FROM matches")).one()
    assert tuple(match) == ("out", 1, second.batch)
    record(database, judged(first))
    assert view(database).state is JobState.SUCCEEDED, "an outcome counts, whoever brings it"


def test_a_count_that_no_column_holds_costs_only_itself(
    database: Database, broker: BrokerClient
) -> None:
    submit_file(database, lines([2, 2]))
    dispatch(database, broker)
    (batch,) = received(broker)
    good, bad = judged(batch).matches
    huge = [Vote(1, Verdict.FIRST, prompt_tokens=2**40)]
    job_id, batch_id = JobId(batch.job), BatchId(batch.batch)
    broker.send_outcomes(batch.outcomes("test", [good, MatchReport(bad.match, huge)]))
    record_waiting(database, broker)
    assert waiting_flushes(broker, job_id, batch_id) == set()
    job = view(database)
    assert (job.tournaments_done, job.tournaments_failed, job.matches_done) == (2, 0, 2)
    assert job.prompt_tokens == 2**31 - 1


def test_a_job_cancelled_in_the_middle_of_a_turn_opens_nothing(
    database: Database, broker: BrokerClient
) -> None:
    job = submit_file(database, lines([2] * 5))
    with database.begin() as tx:
        control.cancel_job(tx, job)
        assert planning.open_tournaments(tx, {job: 5}) == []


def test_two_coordinators_at_once_fill_a_window_once(
    database: Database, broker: BrokerClient
) -> None:
    submit_file(database, lines([16] * 40))
    for _ in range(5):
        with ThreadPoolExecutor(4) as threads:
            sent = list(threads.map(lambda _: dispatch(database, broker), range(4)))
        assert sum(sent) == LEAST_WINDOW
        assert view(database).out == LEAST_WINDOW
        for batch in received(broker):
            record(database, judged(batch))


def test_a_job_of_another_version_keeps_no_other_from_running(
    database: Database, broker: BrokerClient, caplog: pytest.LogCaptureFixture
) -> None:
    submit_file(database, lines([4]), id="judge", judge={"kind": 7})
    submit_file(database, lines([4]), id="strategy", strategy="chess")
    submit_file(database, lines([4]), id="ours")
    play(database, broker)
    with database.begin() as tx:
        rows = tx.execute(text("SELECT id, state FROM jobs"))
        states = {row.id: row.state for row in rows}
    assert states == {"judge": "queued", "strategy": "queued", "ours": "succeeded"}
    assert caplog.text.count("is of another version of rrmq and is left to it") == 2


def test_outcomes_that_are_listed_no_more_are_found(
    database: Database, broker: BrokerClient
) -> None:
    submit_file(database, lines([2]))
    dispatch(database, broker)
    (batch,) = received(broker)
    broker.send_outcomes(judged(batch))
    broker.client.delete(PLACES_KEY)
    coordinator = Coordinator(database, broker)
    coordinator.start()
    eventually(lambda: view(database).state is JobState.SUCCEEDED, "they are found")
    coordinator.stop()
    coordinator.join()
