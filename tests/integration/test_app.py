"""The App of the faces on real servers of its own: threads, and servers that end meanwhile."""

import io
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from kit.jobs import lines
from kit.waiting import PATIENCE

from rrm_queue.actions import jobs
from rrm_queue.actions.app import App
from rrm_queue.actions.request import SubmitOptions, request_of
from rrm_queue.actions.submit import submit
from rrm_queue.config import Secret, Settings
from rrm_queue.domain import Tournament
from rrm_queue.errors import StoreUnavailable, UsageFault
from rrm_queue.intake.reader import Source
from rrm_queue.local.daemon import Daemon
from rrm_queue.local.stack import Addresses, LocalStack
from rrm_queue.store.connection import text
from rrm_queue.store.database import SCHEMA, Database

THREADS = 4


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("app") / "home"
    yield home
    LocalStack(home).down()


@pytest.fixture
def app(home: Path) -> Iterator[App]:
    with App(Settings(home=home)) as app:
        yield app


def end(home: Path, name: str, request: signal.Signals) -> None:
    """Ends a server of the stack by a signal, and waits until it is gone."""
    assert Daemon(name, home).end(request, PATIENCE)


def backends(app: App) -> set[int]:
    """The server's processes that serve two transactions of the app, one after the other."""
    found = set()
    for _ in range(2):
        with app.begin() as tx:
            found.add(tx.scalar(text("SELECT pg_backend_pid()")))
    return found


def test_threads_that_come_first_at_the_same_time_share_one_store_and_one_broker(app: App) -> None:
    together = Barrier(THREADS)

    def first_use(_: int) -> tuple[str | None, int, int]:
        together.wait()
        with app.begin():
            pass
        return app.database.schema(), id(app.database), id(app.broker)

    with ThreadPoolExecutor(THREADS) as pool:
        found = set(pool.map(first_use, range(THREADS)))
    assert len(found) == 1
    assert found.pop()[0] == SCHEMA
    assert app.broker.epoch().word == app.broker.epoch().word


def test_connections_are_held_open_and_reused(app: App) -> None:
    assert len(backends(app)) == 1


def test_a_store_that_was_restarted_serves_the_next_transaction(app: App, home: Path) -> None:
    [before] = backends(app)
    end(home, "postgres", signal.SIGINT)
    LocalStack(home).ensure_services()
    [after] = backends(app)
    assert after != before


def test_servers_that_have_ended_are_started_again(app: App, home: Path) -> None:
    [before] = backends(app)
    epoch = app.broker.epoch()
    end(home, "postgres", signal.SIGQUIT)
    end(home, "valkey", signal.SIGTERM)
    [after] = backends(app)
    assert after != before
    assert app.broker.epoch().word == epoch.word


def test_a_broker_that_ends_during_a_submission_stays_ended(app: App, home: Path) -> None:
    class EndsTheBroker:
        def see(self, tournaments: Sequence[Tournament]) -> None:
            pass

        def pass_through(self) -> None:
            end(home, "valkey", signal.SIGKILL)

    request = request_of(SubmitOptions(judge="reference"), app.settings.openai_base_url)
    sources = [Source("a.jsonl", io.BytesIO(lines([2])))]
    submitted, warning = submit(app, sources, request, gate=EndsTheBroker())
    assert warning is not None
    assert "the job is stored and starts when it is back" in warning
    assert jobs.view(app, submitted.job).tournaments == 1


def test_closed_it_opens_again_on_the_next_use(app: App) -> None:
    [before] = backends(app)
    app.close()
    [after] = backends(app)
    assert after != before


def test_asked_to_start_nothing_it_starts_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with App(Settings(home=home), start=False) as app:
        app.ensure_processes()
        with pytest.raises(StoreUnavailable), app.begin():
            pass
    assert not home.exists()


def test_real_servers_are_used_as_they_are(servers: Addresses, database: Database) -> None:
    settings = Settings(database_url=Secret(database.url), broker_url=Secret(servers.broker_url))
    with App(settings) as app:
        assert not app.local
        app.ensure_processes()
        assert app.addresses == Addresses(database.url, servers.broker_url)
        assert len(backends(app)) == 1


def test_one_address_alone_is_refused() -> None:
    with pytest.raises(UsageFault, match="both"):
        App(Settings(broker_url=Secret("redis://nowhere")))
