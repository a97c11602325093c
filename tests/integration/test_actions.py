"""What a user can do, as values: no face, on real servers."""

import io
from collections.abc import Iterator

import pytest
from kit.jobs import lines

from rrm_queue.actions import control, jobs
from rrm_queue.actions.app import App
from rrm_queue.actions.estimate import estimate, estimate_shape, expected_rate, last_job
from rrm_queue.actions.request import SubmitOptions, request_of
from rrm_queue.actions.submit import submit
from rrm_queue.actions.watch import watch
from rrm_queue.broker.client import BrokerClient
from rrm_queue.config import Secret, Settings
from rrm_queue.domain import JobId, JobState
from rrm_queue.errors import BadInput, JobNotFound, StillRunning, UsageFault
from rrm_queue.intake.reader import Source
from rrm_queue.local.stack import Addresses
from rrm_queue.store.database import Database
from rrm_queue.store.listening import Channel, listening
from rrm_queue.store.queue.control import pause_job
from rrm_queue.views.jobs import JobView

AWAY = "redis://127.0.0.1:9/0"


@pytest.fixture
def app(servers: Addresses, database: Database, broker: BrokerClient) -> Iterator[App]:
    with App(_settings(database, servers.broker_url)) as app:
        yield app


@pytest.fixture
def app_without_broker(database: Database) -> Iterator[App]:
    with App(_settings(database, AWAY)) as app:
        yield app


def _settings(database: Database, broker_url: str) -> Settings:
    return Settings(database_url=Secret(database.url), broker_url=Secret(broker_url))


def _submit(app: App, content: bytes, **options: object) -> JobId:
    request = request_of(SubmitOptions(**options), app.settings.openai_base_url)  # type: ignore[arg-type]  # by name
    return submit(app, [Source("a.jsonl", io.BytesIO(content))], request).submitted.job


def test_a_submission_is_a_value(app: App) -> None:
    request = request_of(SubmitOptions(name="mine", priority=3), app.settings.openai_base_url)
    second = lines([2]).replace(b"t0", b"t1")
    sources = [Source("a.jsonl", io.BytesIO(lines([2]))), Source("b.jsonl", io.BytesIO(second))]
    with listening(app.database, [Channel.WORK]) as coordinator:
        submitted, warning = submit(app, sources, request)
        assert [notice.ids for notice in coordinator.receive(20)] == [[submitted.job]]
    view = jobs.view(app, submitted.job)
    assert (view.name, view.priority, view.source) == ("mine", 3, "a.jsonl, b.jsonl")
    assert (submitted.new, submitted.tournaments, warning) == (True, 2, None)


def test_a_broker_that_is_away_is_a_warning_not_an_error(app_without_broker: App) -> None:
    app = app_without_broker
    request = request_of(SubmitOptions(), app.settings.openai_base_url)
    submitted, warning = submit(app, [Source("a", io.BytesIO(lines([2])))], request)
    assert warning is not None
    assert "the job is stored and starts when it is back" in warning
    changed = control.pause(app, submitted.job)
    assert (changed.done, changed.view.state) == (True, JobState.PAUSED)
    assert changed.warning is not None
    assert "workers stop when it is back" in changed.warning


def test_an_address_that_is_no_brokers_is_refused_and_nothing_stored(database: Database) -> None:
    with App(_settings(database, "redis+socket:///s?virtual_host=first")) as app:
        with pytest.raises(UsageFault, match="virtual_host"):
            _submit(app, lines([2]))
        assert jobs.list_jobs(app, 9) == []


def test_each_change_tells_whether_it_changed_anything(app: App) -> None:
    job = _submit(app, lines([2]))
    assert [control.pause(app, job).done, control.pause(app, job).done] == [True, False]
    assert [control.resume(app, job).done, control.resume(app, job).done] == [True, False]
    assert control.retry(app, job).done.tournaments == 0
    assert not control.delete(app, job)
    assert [control.cancel(app, job).done, control.cancel(app, job).done] == [True, False]
    assert control.delete(app, job[:5])
    with pytest.raises(JobNotFound):
        control.cancel(app, job)


def test_watching_tells_what_holds_a_job_up_and_ends_with_the_job(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rrm_queue.actions.watch.CARE", 0.0)
    monkeypatch.setattr("rrm_queue.actions.watch.POLL", 0.0)
    job = _submit(app, lines([2]))
    watching = watch(app, job)
    assert isinstance(next(watching), JobView)
    assert "no live worker serves `reference`" in str(next(watching))
    assert isinstance(next(watching), JobView)
    assert isinstance(next(watching), JobView), "the same note is told once"
    with app.begin() as tx:
        pause_job(tx, job, "no such model")
    *_, last = watching
    assert isinstance(last, JobView)
    assert (last.state, last.note) == (JobState.PAUSED, "no such model")


def test_watching_ends_after_its_limit(app: App) -> None:
    job = _submit(app, lines([2]))
    with pytest.raises(StillRunning, match=job):
        list(watch(app, job, limit=0.01))


def test_an_estimate_stores_nothing(app: App) -> None:
    request = request_of(SubmitOptions(strategy="elo", votes=3), app.settings.openai_base_url)
    estimated = estimate([Source("a", io.BytesIO(lines([4, 2])))], request, 0.8)
    assert (estimated.scale.tournaments, estimated.scale.matches) == (2, 7)
    assert estimate_shape(estimated)["votes"]["at_most"] == 21
    assert expected_rate(last_job(app, request.spec), request.spec, None, None) is None
    rate = expected_rate(last_job(app, request.spec), request.spec, 5.0, 2)
    assert rate is not None
    assert (rate.votes_per_second, rate.gpus) == (5.0, 2)
    assert jobs.list_jobs(app, 9) == []


def test_an_estimate_names_the_bad_lines(app: App) -> None:
    request = request_of(SubmitOptions(), app.settings.openai_base_url)
    with pytest.raises(BadInput) as caught:
        estimate([Source("a", io.BytesIO(lines([2]) + b"{\n"))], request, 0.8)
    assert [problem.line for problem in caught.value.problems] == [2]
