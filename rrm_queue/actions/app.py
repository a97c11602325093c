"""The composition root of the faces: settings in; store, broker and local stack out.

Nothing below this room reads the environment, and no face opens a store or a broker by itself.
"""

import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Self

from pydantic import SecretStr, ValidationError

from rrm_queue.actions.redaction import RedactingFormatter, log_what_nobody_catches, secrets_of
from rrm_queue.config import Settings
from rrm_queue.errors import UsageFault
from rrm_queue.seeds import derive

if TYPE_CHECKING:
    from celery import Celery

    from rrm_queue.broker.client import BrokerClient
    from rrm_queue.local.stack import Addresses, LocalStack
    from rrm_queue.store.database import Database, Transaction


class App:
    """What a face holds open: the store, the broker and the local stack of one `Settings`.

    Each is opened when it is first needed and then reused, by any number of threads. The local
    stack's servers are started on first need as well, where the settings name no real ones. Used
    as a context manager, or closed by `close`.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings if settings is not None else read_settings()
        self.stack = local_stack(self.settings)
        self._lock = RLock()
        self._addresses: Addresses | None = None
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
        """Where store and broker are; the local servers are started, and their tables upgraded.

        Raises StackFault, StoreUnavailable and SchemaMismatch.
        """
        with self._lock:
            if self._addresses is None:
                self._addresses = connect(self.settings, processes=False)
            return self._addresses

    @property
    def database(self) -> "Database":
        """The store. Raises what `addresses` raises."""
        with self._lock:
            if self._database is None:
                from rrm_queue.store.database import Database

                self._database = Database(self.addresses.database_url)
            return self._database

    @property
    def broker(self) -> "BrokerClient":
        """The broker. Raises what `addresses` raises."""
        with self._lock:
            if self._broker is None:
                self._broker = open_broker(self.addresses)
            return self._broker

    @contextmanager
    def begin(self) -> Iterator["Transaction"]:
        """One transaction of the store; see `Database.begin`."""
        with self.database.begin() as tx:
            yield tx

    def ensure_processes(self, fingerprint: str = "") -> None:
        """Starts the local stack's servers, coordinator and worker, where they do not run.

        Those that run under another `fingerprint` are started anew (see `openai_mark`). Does
        nothing where the settings name real servers.
        """
        if self.stack is not None:
            with self._lock:
                self._addresses = connect(self.settings, processes=True, mark=fingerprint)

    def close(self) -> None:
        """Ends what is open. The local stack goes on running."""
        with self._lock:
            if self._database is not None:
                self._database.close()
            if self._broker is not None:
                self._broker.client.close()
            self._database = self._broker = None


def read_settings() -> Settings:
    """The settings of the environment. Raises UsageFault naming what cannot be read."""
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "RRMQ_" + "_".join(str(part) for part in first["loc"]).upper()
        raise UsageFault(f"{name}: {first['msg']}") from error
    if reveal(settings.database_url).partition("?")[0].count("@") > 1:
        # Read as it stands, the password's rest would be the host, and named in every error.
        raise UsageFault("RRMQ_DATABASE_URL: write `@` in the user or password as %40")
    return settings


def local_stack(settings: Settings) -> "LocalStack | None":
    """The local stack, or None where the environment names real servers."""
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


def connect(settings: Settings, *, processes: bool = True, mark: str = "") -> "Addresses":
    """Where store and broker are; what of the local stack is not up is started first.

    `processes` asks for the coordinator and the worker as well, started anew when they run under
    another `mark` (see `openai_mark`). Raises StackFault, StoreUnavailable and SchemaMismatch.
    """
    from rrm_queue.local.stack import Addresses

    stack = local_stack(settings)
    if stack is None:
        return Addresses(reveal(settings.database_url), reveal(settings.broker_url))
    addresses = stack.ensure_services()
    with open_store(addresses) as database:
        _migrate(database)
    if processes:
        stack.ensure_processes(daemon_environment(settings), mark=mark)
    return addresses


def broker_url(settings: Settings) -> str:
    """Where the broker is: all that a worker needs to know."""
    return reveal(settings.broker_url) or connect(settings, processes=False).broker_url


def reveal(secret: SecretStr | None) -> str:
    """The secret's text; empty where there is none."""
    return secret.get_secret_value() if secret else ""


@contextmanager
def open_store(addresses: "Addresses", *, idle_limit: float | None = None) -> "Iterator[Database]":
    """The store, closed at the end; see `Database` for `idle_limit`, in seconds."""
    from rrm_queue.store.database import Database

    database = Database(addresses.database_url, idle_limit=idle_limit)
    try:
        yield database
    finally:
        database.close()


def open_broker(addresses: "Addresses") -> "BrokerClient":
    """The broker as submit, cancel and the coordinator use it."""
    from rrm_queue.broker.client import BrokerClient, redis_client

    def app() -> "Celery":
        from rrm_queue.broker.app import create_app

        return create_app(addresses.broker_url)

    return BrokerClient(app, redis_client(addresses.broker_url))


def daemon_environment(settings: Settings) -> Mapping[str, str]:
    """What the local stack's coordinator and worker are started with."""
    return {**os.environ, "RRMQ_HOME": str(settings.home.expanduser().absolute())}


def openai_mark(settings: Settings) -> str:
    """A mark of the settings that a local worker needs for `openai` judges.

    It tells two keys apart and gives none away.
    """
    return f"{derive(settings.openai_base_url, reveal(settings.openai_api_key)):x}"


def log_to_stderr(settings: Settings) -> None:
    """Logging of the long-running verbs: one line an event on stderr, and no secret in any."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(RedactingFormatter(secrets_of(settings)))
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
    log_what_nobody_catches()


def _migrate(database: "Database") -> None:
    from rrm_queue.store.database import SCHEMA

    if (database.schema() or "") < SCHEMA:
        from rrm_queue.store.schema import upgrade

        upgrade(database)
    database.check_schema()
