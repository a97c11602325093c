"""What the faces stand on: settings in; store, broker and local stack out.

Nothing below this room reads the environment, and no face opens a store or a broker by itself.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Self

from rrm_queue.actions.settings import daemon_environment, read_settings, reveal
from rrm_queue.config import Settings
from rrm_queue.errors import StoreUnavailable, UsageFault

if TYPE_CHECKING:
    from celery import Celery

    from rrm_queue.broker.client import BrokerClient
    from rrm_queue.local.stack import Addresses, LocalStack
    from rrm_queue.store.database import Database, Transaction


class App:
    """The store, the broker and the local stack of one `Settings`, held open and reused.

    Each is opened when it is first needed. Any number of threads may share an App. Where the
    settings name no real servers, the local ones are started on first use, and again should they
    have ended; with `start=False` nothing is ever started and no table is changed. With `since`, a
    time of the clock, nothing is started that was stopped on purpose after it.

    An App is closed by `close`, or as a context manager.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        start: bool = True,
        since: float | None = None,
    ) -> None:
        self.settings = settings if settings is not None else read_settings()
        self.stack = local_stack(self.settings)
        self._started = self.stack if start else None
        self._since = since
        self._lock = RLock()
        self._database: Database | None = None
        self._broker: BrokerClient | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def local(self) -> bool:
        """Whether the local stack's servers are used."""
        return self.stack is not None

    @property
    def addresses(self) -> "Addresses":
        """Where store and broker are; both local servers are up. Raises StackFault."""
        if self.stack is None:
            from rrm_queue.local.stack import Addresses

            return Addresses(reveal(self.settings.database_url), reveal(self.settings.broker_url))
        if self._started is None:
            return self.stack.addresses
        return self._started.ensure_services(since=self._since)

    @property
    def database(self) -> "Database":
        """The store; the tables of a local one are upgraded when it is opened.

        Raises StackFault, StoreUnavailable and SchemaMismatch.
        """
        return self._open()

    @property
    def broker(self) -> "BrokerClient":
        """The broker. Raises StackFault."""
        with self._lock:
            return self.broker_at(self.addresses)

    def broker_at(self, addresses: "Addresses") -> "BrokerClient":
        """The broker at `addresses`, which the App gave before. One that is away is not started."""
        with self._lock:
            if self._broker is None:
                self._broker = open_broker(addresses)
            return self._broker

    @contextmanager
    def begin(self) -> Iterator["Transaction"]:
        """One transaction of the store; see `Database.begin`. Raises what `database` raises."""
        with ExitStack() as opened:
            try:
                tx = opened.enter_context(self.database.begin())
            except StoreUnavailable:
                if self._started is None:
                    raise
                self._started.ensure_services(since=self._since)  # it has ended: start it again
                tx = opened.enter_context(self.database.begin())
            yield tx

    @contextmanager
    def look(self) -> Iterator["Transaction"]:
        """A connection for single statements that read; see `Database.look`."""
        with self.database.look() as looking:
            yield looking

    def ensure_processes(self, fingerprint: str = "", *, since: float | None = None) -> None:
        """Starts the local stack's servers, coordinator and worker where they do not run.

        Processes that run under another `fingerprint` (see `settings_fingerprint`) are restarted.
        Does nothing where the settings name real servers. Raises what `database` raises, and
        StackStopped when the stack was stopped after `since`, a time of the clock (default: the
        App's own, or else now).
        """
        if self._started is not None:
            since = self._since if since is None else since
            self._started.ensure_services(since=since)
            self._open()  # the processes need its tables
            environment = daemon_environment(self.settings)
            self._started.ensure_processes(environment, fingerprint=fingerprint, since=since)

    def refuse_if_stopped(self, since: float) -> None:
        """Raises StackStopped when the local stack was stopped on purpose after `since`."""
        if self._started is not None:
            self._started.refuse_if_stopped(since)

    def close(self) -> None:
        """Closes the connections. The local stack goes on running."""
        with self._lock:
            database, broker = self._database, self._broker
            self._database = self._broker = None
        if database is not None:
            database.close()
        if broker is not None:
            broker.close()

    def _open(self) -> "Database":
        from rrm_queue.store.database import Database, Plans

        with self._lock:
            if self._database is None:
                database = Database(
                    self.addresses.database_url, check_connections=True, plans=Plans.FRESH
                )
                with ExitStack() as failed:
                    failed.callback(database.close)
                    if self._started is not None:
                        _migrate(database)
                    failed.pop_all()
                self._database = database
            return self._database


def local_stack(settings: Settings) -> "LocalStack | None":
    """The local stack, or None where the settings name real servers."""
    if settings.database_url and settings.broker_url:
        return None
    if settings.database_url or settings.broker_url:
        raise UsageFault("set both RRMQ_DATABASE_URL and RRMQ_BROKER_URL, or neither")
    from rrm_queue.local.stack import LocalStack

    return LocalStack(
        settings.home.expanduser().absolute(),
        postgres_bin=settings.postgres_bin,
        valkey_bin=settings.valkey_bin,
    )


def broker_url(settings: Settings, *, start: bool = True) -> str:
    """Where the broker is: all that a worker's machine needs to know."""
    if url := reveal(settings.broker_url):
        return url
    with App(settings, start=start) as app:
        return app.addresses.broker_url


def open_broker(addresses: "Addresses") -> "BrokerClient":
    """The broker as the faces use it; its Celery app is made when a message is sent."""
    from rrm_queue.broker.client import BrokerClient, redis_client

    def app() -> "Celery":
        from rrm_queue.broker.app import create_app

        return create_app(addresses.broker_url)

    return BrokerClient(app, redis_client(addresses.broker_url))


def _migrate(database: "Database") -> None:
    from rrm_queue.store.database import SCHEMA

    if (database.schema() or "") < SCHEMA:
        from rrm_queue.store.schema import upgrade

        upgrade(database)
    database.check_schema()
