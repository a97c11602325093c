"""Prices, what jobs have cost, and limits that pause them: on real servers and a real endpoint."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from kit.endpoint_jobs import play_at_endpoint
from kit.endpoints import completion, endpoint
from kit.jobs import lines, submit_file
from msgspec import to_builtins

from rrm_queue.actions.estimate import GUESS, expected_text
from rrm_queue.actions.money import checked_limit, cost_of, cost_words, parse_price
from rrm_queue.actions.request import SubmitOptions, request_of
from rrm_queue.actions.schemas import status_shape
from rrm_queue.broker.client import BrokerClient
from rrm_queue.domain import JobId, JobState, JudgeSpec, Price, Spent
from rrm_queue.errors import UsageFault
from rrm_queue.store.database import Database
from rrm_queue.store.queue.control import resume_job
from rrm_queue.store.queue.money import set_limit
from rrm_queue.store.views.jobs import view_job
from rrm_queue.views.jobs import JobView, Throughput

PRICE = Price(1.0, 10.0, 0.5)
EACH = 0.01555
"""The price of one vote: 1,000 prompt tokens, 100 of them cached, and 1,460 completion tokens."""


@pytest.mark.parametrize(
    ("written", "price"),
    [
        ("1,10", Price(1, 10)),
        ("0.15,0.6,0.075", Price(0.15, 0.6, 0.075)),
        ("gpu:2.5", Price(gpu_hour=2.5)),
        ("gpu:2.5@8", Price(gpu_hour=2.5, gpus=8)),
    ],
)
def test_a_price_is_read_and_shown_as_it_was_given(written: str, price: Price) -> None:
    assert parse_price(written) == price
    assert str(price) == written


@pytest.mark.parametrize("written", ["", "1", "1,2,3,4", "a,b", "-1,2", "inf,1", "gpu:", "gpu:0@2"])
def test_what_is_no_price_is_refused(written: str) -> None:
    with pytest.raises(UsageFault, match=r"IN,OUT\[,CACHED\] or gpu:PRICE\[@N\]"):
        parse_price(written)


def test_a_limit_is_above_nothing_and_needs_a_price() -> None:
    assert checked_limit(2.0, PRICE) == 2.0
    for most, price in ((0.0, PRICE), (float("nan"), PRICE), (1.0, None)):
        with pytest.raises(UsageFault):
            checked_limit(most, price)
    with pytest.raises(UsageFault):
        request_of(SubmitOptions(max_cost=1.0), "http://127.0.0.1:9/v1")


def test_tokens_or_time_cost() -> None:
    spent = Spent(2_000_000, 500_000, 100_000, seconds=1800)
    assert PRICE.of(spent) == pytest.approx(1.5 + 0.25 + 1.0)
    assert Price(1.0, 10.0).of(spent) == pytest.approx(3.0)
    assert Price(gpu_hour=3.0, gpus=4).of(spent) == pytest.approx(6.0)


def test_a_vote_writes_what_the_last_job_wrote_or_a_stated_guess() -> None:
    judge = JudgeSpec("openai", "m")
    last = Throughput(JobId("j"), votes=10, seconds=1.0, completion_tokens=7_000)
    known, guess = expected_text(last, judge), expected_text(None, judge)
    assert known is not None
    assert guess is not None
    assert (known.tokens, guess.tokens) == (700, GUESS)
    assert "job j" in known.source
    assert "guess" in guess.source
    short = expected_text(None, JudgeSpec("openai", "m", max_tokens=16))
    assert short is not None
    assert short.tokens == 16
    assert expected_text(None, JudgeSpec("reference")) is None


async def counting(_: web.Request) -> web.Response:
    details = {"cached_tokens": 100}
    usage = {"prompt_tokens": 1000, "completion_tokens": 1460, "prompt_tokens_details": details}
    return completion("</think>\\boxed{Assistant 1}", usage=usage)


def view(database: Database, job: JobId) -> JobView:
    with database.begin() as tx:
        return view_job(tx, job)


def test_a_job_pauses_before_it_costs_more_than_its_limit_and_goes_on_with_a_higher_one(
    database: Database, broker: BrokerClient
) -> None:
    limit = 20.5 * EACH

    async def run() -> None:
        async with endpoint(counting) as base_url:
            job = submit_file(
                database,
                lines([2] * 60),
                reference=False,
                judge={"kind": "openai", "argument": "m", "base_url": base_url},
                price=to_builtins(PRICE),
                max_cost=limit,
            )
            await play_at_endpoint(database, broker)
            paused = view(database, job)
            cost = cost_of(paused)
            assert paused.state is JobState.PAUSED
            assert paused.note is not None
            assert "max_cost" in paused.note
            assert cost == pytest.approx(20 * EACH)
            assert status_shape(paused)["cost"] == cost
            assert (status_shape(paused)["price"], status_shape(paused)["max_cost"]) == (
                "1,10,0.5",
                limit,
            )
            with database.begin() as tx:
                resume_job(tx, job)
            await play_at_endpoint(database, broker)
            assert view(database, job).state is JobState.PAUSED, "nothing has changed"
            assert cost_of(view(database, job)) == cost
            with database.begin() as tx:
                set_limit(tx, job, 100 * EACH)
                resume_job(tx, job)
            await play_at_endpoint(database, broker)
            ended = view(database, job)
            assert (ended.state, ended.votes) == (JobState.SUCCEEDED, 60)
            assert cost_of(ended) == pytest.approx(60 * EACH)

    asyncio.run(run())


def test_a_limit_below_the_first_matches_lets_only_those_out(
    database: Database, broker: BrokerClient
) -> None:
    async def run() -> None:
        async with endpoint(counting) as base_url:
            job = submit_file(
                database,
                lines([2] * 40),
                reference=False,
                judge={"kind": "openai", "argument": "m", "base_url": base_url},
                price=to_builtins(PRICE),
                max_cost=EACH,
            )
            await play_at_endpoint(database, broker)
            assert view(database, job).state is JobState.PAUSED
            assert view(database, job).votes <= 8

    asyncio.run(run())


def test_time_costs_from_the_jobs_start_to_its_end(database: Database) -> None:
    job = submit_file(database, lines([2]), price={"gpu_hour": 6.0, "gpus": 2})
    began = datetime.now(UTC)
    held = view(database, job)
    assert cost_of(held) == 0
    running = held._replace(started_at=began)
    assert cost_of(running, began + timedelta(minutes=30)) == pytest.approx(6.0)
    ended = running._replace(finished_at=began + timedelta(hours=2), max_cost=30.0)
    assert cost_words(ended, began) == "24.00 of at most 30.00, at gpu:6@2"
    assert cost_words(ended._replace(price=None), began) is None
