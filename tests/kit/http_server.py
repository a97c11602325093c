"""A server of rrmq in a thread of the test: real uvicorn, real sockets, real services behind it."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

import httpx2
import uvicorn

from kit.waiting import PATIENCE
from rrm_queue.actions.app import App
from rrm_queue.config import Secret, Settings
from rrm_queue.local.stack import Addresses
from rrm_queue.store.database import Database
from rrm_queue.web.access import Access
from rrm_queue.web.serve import LOOPBACK, configured
from rrm_queue.web.serving import Serving

WRITE, READ = "write-0123456789", "read-0123456789"


@dataclass
class HttpServer:
    """A server that runs: its address, and clients with the right to write and to read."""

    port: int
    serving: Serving
    clients: list[httpx2.Client] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, token: str | None = WRITE, **options: Any) -> httpx2.Client:
        """A client with this token; it is closed with the server."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        made = httpx2.Client(base_url=self.url, headers=headers, timeout=PATIENCE, **options)
        self.clients.append(made)
        return made


def settings_of(database: Database, servers: Addresses, **more: Any) -> Settings:
    """The settings of a server over these services."""
    return Settings(
        database_url=Secret(database.url), broker_url=Secret(servers.broker_url), **more
    )


@contextmanager
def http_server(
    settings: Settings, *, write: Sequence[str] = (WRITE,), read: Sequence[str] = (READ,)
) -> Iterator[HttpServer]:
    """Serves over the settings' servers while the context is open."""
    started, loops = Event(), list[tuple[asyncio.AbstractEventLoop, Serving, uvicorn.Server]]()
    with App(settings) as app:
        thread = Thread(target=lambda: asyncio.run(_serve(app, write, read, loops, started)))
        thread.start()
        assert started.wait(PATIENCE)
        loop, serving, server = loops[0]
        port = server.servers[0].sockets[0].getsockname()[1]
        running = HttpServer(port, serving)
        try:
            yield running
        finally:
            for client in running.clients:
                client.close()
            loop.call_soon_threadsafe(serving.stop)
            server.should_exit = True
            thread.join(PATIENCE)
            assert not thread.is_alive()


async def _serve(
    app: App,
    write: Sequence[str],
    read: Sequence[str],
    loops: list[tuple[asyncio.AbstractEventLoop, Serving, uvicorn.Server]],
    started: Event,
) -> None:
    serving = Serving(app, Access(write, read), LOOPBACK)
    config = configured(serving)
    config.port = 0
    server = uvicorn.Server(config)
    serves = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    loops.append((asyncio.get_running_loop(), serving, server))
    started.set()
    await serves


def is_problem(answer: httpx2.Response, status: int) -> dict[str, Any]:
    """The problem document of an answer with this status."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    return dict(document)


def lines_of(answer: httpx2.Response) -> list[Any]:
    """The objects of an answer that has one a line."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/jsonl"
    return [json.loads(line) for line in answer.text.splitlines()]
