"""A judge that is of no use to a job pauses it at its first answers, and the note says why."""

from collections.abc import Callable
from itertools import count
from secrets import token_hex

from kit.jobs import lines, play, received, submit_file

from rrm_queue.broker.client import BrokerClient
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.record import record
from rrm_queue.domain import JobId, JobState, NoVerdict, Verdict, Vote
from rrm_queue.messages import BatchMatch, Failure, JudgeBatch, MatchReport
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.queue import control
from rrm_queue.store.views.jobs import view_job
from rrm_queue.views.jobs import JobView

JUDGE = {"kind": "openai", "argument": "m", "base_url": "http://127.0.0.1:9/v1"}
WORDS = "The judge rejects the request: http://h answered 400: no such parameter (id req_{:08x})"
Report = Callable[[JudgeBatch, BatchMatch], MatchReport]


def view(database: Database, job: JobId) -> JobView:
    with database.begin() as tx:
        return view_job(tx, job)


def submit(database: Database, tournaments: int, **voting: object) -> JobId:
    file = lines([2] * tournaments)
    return submit_file(
        database, file, reference=False, judge=JUDGE, voting=voting, id=token_hex(6), anew=True
    )


def answer(database: Database, broker: BrokerClient, report: Report) -> None:
    """Sends what is ready and has each match answered, one by one."""
    dispatch(database, broker)
    for batch in received(broker):
        for match in batch.matches:
            record(database, batch.outcomes("test", [report(batch, match)]))


def rejected(batch: JudgeBatch, match: BatchMatch) -> MatchReport:
    words = WORDS.format(match.match)
    return MatchReport(match.match, [], Failure(words, transient=False, rejected=True))


def won(batch: JudgeBatch, match: BatchMatch) -> MatchReport:
    return MatchReport(match.match, [Vote(1, Verdict.FIRST)])


def silent(batch: JudgeBatch, match: BatchMatch) -> MatchReport:
    return MatchReport(match.match, [Vote(1, Verdict.NONE, no_verdict=NoVerdict.OFF_MENU)])


def wins_one_in(some: int, *, most: int | None = None) -> Report:
    """One match in `some` is won and the others get no verdict.

    After `most` matches the worker returns the rest, as the job is paused.
    """
    numbers = count(1)

    def report(batch: JudgeBatch, match: BatchMatch) -> MatchReport:
        number = next(numbers)
        if most is not None and number > most:
            return MatchReport(match.match, [])
        return won(batch, match) if number % some == 0 else silent(batch, match)

    return report


def skip_waits(database: Database) -> None:
    with database.begin() as tx:
        tx.execute(text("UPDATE matches SET not_before = NULL"))


def test_the_same_rejection_of_the_first_matches_pauses_the_job_and_fails_nothing(
    database: Database, broker: BrokerClient
) -> None:
    job = submit(database, 8)
    answer(database, broker, rejected)
    paused = view(database, job)
    assert paused.state is JobState.PAUSED
    assert paused.note is not None
    assert "answered 400: no such parameter" in paused.note
    assert (paused.matches_failed, paused.tournaments_failed) == (0, 0)
    with database.begin() as tx:
        control.resume_job(tx, job)
    skip_waits(database)
    answer(database, broker, won)
    ended = view(database, job)
    assert (ended.state, ended.tournaments_done) == (JobState.SUCCEEDED, 8)


def test_a_rejection_once_the_judge_has_answered_fails_only_its_match(
    database: Database, broker: BrokerClient
) -> None:
    job = submit(database, 8)

    def report(batch: JudgeBatch, match: BatchMatch) -> MatchReport:
        least = min(one.match for one in batch.matches)
        return won(batch, match) if match.match == least else rejected(batch, match)

    answer(database, broker, report)
    ended = view(database, job)
    assert (ended.state, ended.tournaments_failed) == (JobState.PARTIAL, 7)


def test_different_rejections_pause_nothing(database: Database, broker: BrokerClient) -> None:
    job = submit(database, 8)

    def report(batch: JudgeBatch, match: BatchMatch) -> MatchReport:
        words = f"too long: {'x' * match.match}"
        return MatchReport(match.match, [], Failure(words, transient=False, rejected=True))

    answer(database, broker, report)
    assert view(database, job).state is JobState.RUNNING


def test_a_job_of_few_tournaments_fails_at_once(database: Database, broker: BrokerClient) -> None:
    job = submit(database, 3)
    answer(database, broker, rejected)
    assert view(database, job).state is JobState.FAILED


def test_a_judge_that_is_silent_in_nine_of_ten_first_votes_pauses_the_job(
    database: Database, broker: BrokerClient
) -> None:
    job = submit(database, 60)
    answer(database, broker, wins_one_in(10, most=50))
    paused = view(database, job)
    assert paused.state is JobState.PAUSED
    assert paused.note == (
        "the judge gave no verdict in 45 of its first 50 votes, most often: off the menu"
    )
    with database.begin() as tx:
        control.resume_job(tx, job)
    answer(database, broker, silent)
    assert view(database, job).state is JobState.SUCCEEDED


def test_a_judge_that_is_silent_less_often_goes_on(
    database: Database, broker: BrokerClient
) -> None:
    job = submit(database, 60)
    answer(database, broker, wins_one_in(8))
    assert view(database, job).state is JobState.SUCCEEDED


def test_a_job_that_keeps_going_is_not_paused(database: Database, broker: BrokerClient) -> None:
    mute = submit(database, 60, keep_going=True)
    answer(database, broker, silent)
    assert view(database, mute).state is JobState.SUCCEEDED
    wrong = submit(database, 8, keep_going=True)
    answer(database, broker, rejected)
    assert view(database, wrong).state is JobState.FAILED


def test_a_judge_with_verdicts_is_played_to_the_end(
    database: Database, broker: BrokerClient
) -> None:
    job = submit_file(database, lines([8] * 20))
    play(database, broker)
    assert view(database, job).state is JobState.SUCCEEDED
