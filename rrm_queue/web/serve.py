"""The server's process: a socket, uvicorn, and an end within seconds."""

import asyncio
import logging
import resource
import signal
import socket
from collections.abc import Callable
from ipaddress import ip_address
from types import FrameType

import uvicorn

from rrm_queue.actions.app import App
from rrm_queue.errors import RrmqError, UsageFault
from rrm_queue.web.access import Access
from rrm_queue.web.app import create_web
from rrm_queue.web.serving import Serving

log = logging.getLogger(__name__)

GRACE = 5
"""Seconds that requests have to end once the server is asked to stop."""

CONNECTIONS = 8192
"""Connections at once, idle ones included; more are answered with 503 by uvicorn."""

FILES = 2 * CONNECTIONS
"""Open files that the process asks for, as far as it may have them."""

KEEP_ALIVE = 30
"""Seconds for which an idle connection is kept open."""

CARE = 5.0
"""Seconds between two looks at the processes of the local stack."""

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def serve(
    app: App, host: str, port: int, *, names: tuple[str, ...] = (), ready: Callable[[str], None]
) -> int:
    """Serves HTTP until SIGTERM or SIGINT; the exit code. `ready` is told the address.

    `names` are further names under which it may be called. Raises UsageFault for an address that
    cannot be listened on, and for one that others can reach unless the settings name tokens.
    """
    access = _access(app)
    local = _is_loopback(host)
    if not local and not access.explicit:
        raise UsageFault(
            f"others can reach {host}: set RRMQ_API_TOKENS to tokens of your own, or listen on "
            "127.0.0.1"
        )
    listener = listen(host, port)
    app.ensure_processes()
    app.database.check_schema()
    hosts = LOOPBACK | {name.lower() for name in names} if local or names else frozenset[str]()
    return asyncio.run(_run(app, access, hosts, listener, ready))


def address_of(listener: socket.socket, token: str | None) -> str:
    """The URL of the server; a token that was made here is part of it, as a browser needs it."""
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}/" + (f"?token={token}" if token else "")


def configured(serving: Serving) -> uvicorn.Config:
    """How uvicorn serves."""
    return uvicorn.Config(
        create_web(serving),
        http="h11",  # it bounds the size of headers
        ws="none",
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,
        server_header=False,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
    )


class _Server(uvicorn.Server):
    """Tells the application as soon as it is asked to stop: streams end and nothing waits on."""

    def __init__(self, config: uvicorn.Config, stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self._stopping = stopping
        self._loop = asyncio.get_running_loop()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Called in a signal's handler."""
        self._loop.call_soon_threadsafe(self._stopping)
        super().handle_exit(sig, frame)


async def _run(
    app: App,
    access: Access,
    hosts: frozenset[str],
    listener: socket.socket,
    ready: Callable[[str], None],
) -> int:
    serving = Serving(app, access, hosts)
    server = _Server(configured(serving), serving.stop)
    _allow_many_files()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)  # uvicorn raises it again when it has stopped
    caring = asyncio.create_task(_keep_stack_up(app))
    ready(address_of(listener, access.made))
    await server.serve([listener])
    caring.cancel()
    log.info("stopped")
    return 0


async def _keep_stack_up(app: App) -> None:
    """Starts processes of the local stack that have ended; a stack that was stopped stays so."""
    while app.local:
        await asyncio.sleep(CARE)
        try:
            await asyncio.to_thread(app.ensure_processes)
        except RrmqError as error:
            log.warning("%s", error)


def _access(app: App) -> Access:
    try:
        return Access.of(app.settings)
    except OSError as error:
        raise UsageFault(f"the token cannot be kept: {error}") from error


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections. Raises UsageFault for an address that cannot be had.

    It names TCP as its protocol: asyncio sends small answers of such sockets at once, and those of
    others up to 40 ms later (Nagle's algorithm).
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        made = socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        # Python says in brackets where, which this message says itself.
        reason = (getattr(error, "strerror", None) or str(error)).partition(" (while ")[0]
        raise UsageFault(f"cannot listen on {host} port {port}: {reason}") from error
    return socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, made.detach())


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _allow_many_files() -> None:
    """Each connection is an open file: asks for as many as the process may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
