"""Groups that are judged as their answers arrive, in a real store and by real processes."""

import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from kit.jobs import job_of, judged, play, received
from kit.reward_servers import TOKEN, RewardFleet, group, samples
from kit.waiting import eventually

from rrm_queue.actions.rewards.asked import distinct
from rrm_queue.broker.client import BrokerClient
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.gathering import Came, add_answers, begin, settle_overdue
from rrm_queue.coordinator.record import record
from rrm_queue.domain import Candidate, JobId, JobState, Tournament
from rrm_queue.messages import Failure, MatchReport, Outcomes
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.queue import appending, cohorts, control, gathering, recovery
from rrm_queue.store.queue.cohorts import NewCohort, Sample
from rrm_queue.store.views.jobs import view_job
from rrm_queue.views.cohorts import CohortId, Partial
from rrm_queue.views.jobs import JobView

JOB = JobId("0123456789ab")
SIZE = 5

STATES = text("""
    SELECT t.state, t.size, t.planned, t.decided,
           (SELECT count(*) FROM votes v JOIN matches m ON m.id = v.match_id
            WHERE m.tournament_id = t.id) AS votes
    FROM cohorts c JOIN tournaments t ON t.id = c.tournament_id WHERE c.name = :name
""")


def test_votes_are_cast_before_the_group_is_whole(rewarding: RewardFleet) -> None:
    bodies = samples(300)

    def seen() -> tuple[object, ...]:
        with rewarding.fleet.store() as store:
            row = store.execute(STATES, {"name": "cohort-300"}).first()
        return () if row is None else tuple(row)

    with ThreadPoolExecutor(8) as pool:
        early = [pool.submit(rewarding.ask, "POST", "/v1/rewards/sample", b) for b in bodies[:5]]
        eventually(lambda: seen() == ("gathering", 5, 10, 10, 10), "the pairs of five are judged")
        assert not any(one.done() for one in early)
        assert "group:cohort-300" in gathering_page(rewarding)
        late = [pool.submit(rewarding.ask, "POST", "/v1/rewards/sample", b) for b in bodies[5:]]
        found = [one.result().body for one in [*early, *late]]
    assert seen() == ("done", 8, 28, 28, 28)
    whole = rewarding.ask("POST", "/v1/rewards", group(300)).body
    assert [one["reward"] for one in found] == pytest.approx(whole["rewards"])
    assert [one["rank"] for one in found] == whole["ranks"]


def gathering_page(rewarding: RewardFleet) -> str:
    """The page of the tournaments that gather, of the job of the newest cohort."""
    with rewarding.fleet.store() as store:
        job = store.scalar(text("SELECT job_id FROM cohorts ORDER BY id DESC LIMIT 1"))
    address = f"{rewarding.servers[0]}/jobs/{job}/tournaments?show=gathering"
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {TOKEN}"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return str(answer.read().decode())


def test_equal_answers_that_come_late_share_their_reward(rewarding: RewardFleet) -> None:
    bodies = samples(301, 4)
    for body, other in ((bodies[2], bodies[0]), (bodies[3], bodies[1])):
        body["completion"] = other["completion"]

    def decided() -> bool:
        with rewarding.fleet.store() as store:
            row = store.execute(STATES, {"name": "cohort-301"}).first()
        return row is not None and row.decided == 1

    with ThreadPoolExecutor(4) as pool:
        held = [pool.submit(rewarding.ask, "POST", "/v1/rewards/sample", b) for b in bodies[:3]]
        eventually(decided, "the only pair is judged")
        held.append(pool.submit(rewarding.ask, "POST", "/v1/rewards/sample", bodies[3]))
        found = [one.result().body["reward"] for one in held]
    assert found[0] == found[2]
    assert found[1] == found[3]
    assert found[0] != found[1]


def test_what_was_judged_of_a_refused_group_is_kept(rewarding: RewardFleet) -> None:
    bodies = samples(302)
    with ThreadPoolExecutor(3) as pool:
        told = [pool.submit(rewarding.ask, "POST", "/v1/rewards/sample", b) for b in bodies[:3]]
        rewarding.end_cohort("cohort-302", 3)
    assert {one.result().status for one in told} == {504}
    with rewarding.fleet.store() as store:
        row = store.execute(STATES, {"name": "cohort-302"}).one()
        open_ = text("""
            SELECT count(*) FROM matches m JOIN cohorts c ON c.tournament_id = m.tournament_id
            WHERE c.name = 'cohort-302' AND m.state = 'ready'
        """)
        assert store.scalar(open_) == 0
    assert (row.state, row.size) == ("failed", 3)


@pytest.fixture
def open_database(database: Database) -> Database:
    """A store with an open job of all pairs."""
    with database.begin() as tx:
        appending.open_job(tx, job_of(open=True, strategy="elo"), None)
    return database


def answers(numbers: Sequence[int]) -> tuple[Candidate, ...]:
    return distinct((number, Candidate("", f"It is {number}.")) for number in numbers)


def sample(number: int) -> Sample:
    return Sample(number, f"It is {number}.", None)


def begun(database: Database, come: Sequence[int], partial: Partial, timeout: float) -> CohortId:
    """A cohort of these answers, judged as far as they go."""
    new = NewCohort(JOB, "g", SIZE, "Which is largest?", "4", None, partial, timeout)
    tournament = Tournament("group:g", new.prompt, answers(come), 0, reference="4")
    with database.begin() as tx:
        (view,) = cohorts.lock_cohorts(tx, [new])
        cohorts.add_samples(tx, [(view.id, sample(number)) for number in come])
        (added,) = appending.append(tx, JOB, 0, [tournament])
        begin(tx, [Came(added.tournament, SIZE, tournament.candidates)])
        cohorts.begin_tournaments(tx, {view.id: added.tournament})
        appending.count_appended(tx, JOB, 1, len(come))
    return view.id


def joined(database: Database, cohort: CohortId, come: Sequence[int]) -> None:
    """Adds what has come by now to the cohort's tournament."""
    with database.begin() as tx:
        (view,) = cohorts.read_cohorts(tx, [cohort])
        there = cohorts.samples(tx, [cohort])[cohort]
        cohorts.add_samples(tx, [(cohort, sample(number)) for number in set(come) - set(there)])
        assert view.tournament is not None
        added = add_answers(tx, [Came(view.tournament, SIZE, answers(come))])
        gathering.count_candidates(tx, JOB, added[JOB])


def view(database: Database) -> JobView:
    with database.begin() as tx:
        return view_job(tx, JOB)


def state(database: Database) -> str:
    with database.begin() as tx:
        return str(tx.scalar(text("SELECT state FROM tournaments")))


def first_batches(database: Database, broker: BrokerClient) -> list[Outcomes]:
    """What a judge says to all that is ready now."""
    dispatch(database, broker)
    return [judged(batch) for batch in received(broker)]


@pytest.mark.parametrize("partial", Partial)
def test_a_job_ends_though_the_clients_and_servers_of_a_group_died(
    open_database: Database, broker: BrokerClient, partial: Partial
) -> None:
    begun(open_database, [0, 1, 2], partial, 0.01)
    with open_database.begin() as tx:
        assert appending.close_job(tx, JOB)
    play(open_database, broker)
    assert not view(open_database).state.ended
    eventually(lambda: settled(open_database), "the cohort is settled")
    settle_overdue(open_database)  # what is settled is not counted again
    ended = view(open_database)
    assert (ended.tournaments, ended.candidates, ended.matches_done) == (1, 3, 3)
    if partial is Partial.JUDGE:
        assert (ended.state, ended.tournaments_done) == (JobState.SUCCEEDED, 1)
    else:
        assert (ended.state, ended.tournaments_failed) == (JobState.FAILED, 1)


def settled(database: Database) -> bool:
    settle_overdue(database)
    return state(database) != "gathering"


def test_a_match_that_fails_fails_the_group_and_retry_lets_it_gather_on(
    open_database: Database, broker: BrokerClient
) -> None:
    cohort = begun(open_database, [0, 1, 2], Partial.JUDGE, 600)
    for flush in first_batches(open_database, broker):
        failure = Failure("no such model", transient=False)
        failures = [MatchReport(m.match, [], failure) for m in flush.matches]
        record(open_database, Outcomes(flush.batch, flush.job, "test", failures, flush.token))
    assert state(open_database) == "failed"
    joined(open_database, cohort, [0, 1, 2, 3])
    assert first_batches(open_database, broker) == []
    with open_database.begin() as tx:
        control.retry_job(tx, JOB)
    assert state(open_database) == "gathering"
    joined(open_database, cohort, range(SIZE))
    play(open_database, broker)
    assert state(open_database) == "gathering"
    ended_now(open_database, cohort)
    play(open_database, broker)
    assert state(open_database) == "done"
    assert view(open_database).matches_done == SIZE * (SIZE - 1) // 2


def ended_now(database: Database, cohort: CohortId) -> None:
    """Brings the cohort's deadline about."""
    with database.begin() as tx:
        tx.execute(text("UPDATE cohorts SET deadline = now() WHERE id = :id"), {"id": cohort})
    settle_overdue(database)


def test_matches_of_a_lost_batch_are_judged_again_while_the_group_gathers(
    open_database: Database, broker: BrokerClient
) -> None:
    cohort = begun(open_database, [0, 1, 2], Partial.JUDGE, 600)
    assert first_batches(open_database, broker)
    with open_database.begin() as tx:
        out = [batch.id for batch in recovery.out_batches(tx, [])]
        recovery.requeue_matches(tx, recovery.lose_batches(tx, out), "its worker died")
    joined(open_database, cohort, [0, 1, 2, 3])
    play(open_database, broker)
    ended_now(open_database, cohort)
    assert state(open_database) == "done"
    assert view(open_database).votes == 6


def test_of_a_cancelled_job_nothing_more_is_judged(
    open_database: Database, broker: BrokerClient
) -> None:
    cohort = begun(open_database, [0, 1, 2], Partial.JUDGE, 600)
    with open_database.begin() as tx:
        control.cancel_job(tx, JOB)
    joined(open_database, cohort, [0, 1, 2, 3])
    assert first_batches(open_database, broker) == []
    ended_now(open_database, cohort)
    assert view(open_database).state is JobState.CANCELLED
