"""PostgreSQL and Valkey behind TLS and passwords.

The servers of the wheels are built without TLS. They are real, and so are their passwords; the TLS
is ended in front of them, by Python's own, as stunnel or a cloud's proxy does it. The connection
beyond is a socket in a folder that nobody else can enter.
"""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import redis
import trustme

from rrm_queue.local.stack import LocalStack
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database

PASSWORD = "s3cr:et/p@ss?w#rd%41 ;&"  # noqa: S105  # of servers that live for a test
"""Everything that has a meaning of its own in a URL."""

USER, BROKER_USER = "queue@owner", "judge-fleet"
_SSL_REQUEST_BYTES = 8


@dataclass(frozen=True)
class SecureServers:
    """Where the doors are, and the certificate that they can be verified by."""

    postgres: int
    valkey: int
    ca: Path
    other_ca: Path
    stack: LocalStack

    def database_url(
        self, *, password: str = PASSWORD, ca: Path | None = None, host: str = "localhost"
    ) -> str:
        who = f"{quote(USER, safe='')}:{quote(password, safe='')}"
        tls = f"sslmode=verify-full&sslrootcert={quote(str(ca or self.ca))}"
        return f"postgresql://{who}@{host}:{self.postgres}/secure?{tls}"

    def broker_url(
        self,
        *,
        user: str = "",
        password: str = PASSWORD,
        ca: Path | None = None,
        host: str = "localhost",
        reqs: str = "required",
    ) -> str:
        who = f"{quote(user, safe='')}:{quote(password, safe='')}"
        tls = f"ssl_cert_reqs={reqs}&ssl_ca_certs={quote(str(ca or self.ca))}"
        return f"rediss://{who}@{host}:{self.valkey}/0?{tls}"


@contextmanager
def secure_servers(home: Path) -> Iterator[SecureServers]:
    """Both servers, with passwords and TLS; the certificate is good for `localhost` alone."""
    authority, other = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(str(home / "ca.pem"))
    other.cert_pem.write_to_path(str(home / "other-ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    stack = LocalStack(home / "servers")
    addresses = stack.ensure_services()
    sockets = {
        "postgres": addresses.database_url.partition("host=")[2].partition("&")[0]
        + "/.s.PGSQL.5432",
        "valkey": addresses.broker_url.removeprefix("redis+socket://"),
    }
    try:
        _lock_postgres(addresses.database_url, home / "servers" / "postgres" / "pg_hba.conf")
        _lock_valkey(sockets["valkey"])
        with (
            _door(sockets["postgres"], context, greeting=True) as postgres,
            _door(sockets["valkey"], context, greeting=False) as valkey,
        ):
            yield SecureServers(postgres, valkey, home / "ca.pem", home / "other-ca.pem", stack)
    finally:
        stack.down()


def _lock_postgres(url: str, rules: Path) -> None:
    with Database(url).connect_alone() as connection:
        connection.execute(text(f"CREATE ROLE \"{USER}\" LOGIN PASSWORD '{PASSWORD}'"))
        connection.execute(text(f'CREATE DATABASE secure OWNER "{USER}"'))
        rules.write_text("local all rrmq trust\nlocal all all scram-sha-256\n")
        connection.execute(text("SELECT pg_reload_conf()"))


def _lock_valkey(socket: str) -> None:
    client = redis.Redis(unix_socket_path=socket)
    client.acl_setuser(
        BROKER_USER, enabled=True, passwords=[f"+{PASSWORD}"], keys=["*"], channels=["*"],
        categories=["+@all"],
    )  # fmt: skip
    client.config_set("requirepass", PASSWORD)
    client.close()


@contextmanager
def _door(socket: str, context: ssl.SSLContext, *, greeting: bool) -> Iterator[int]:
    """The port on loopback where TLS is spoken for the server behind `socket`.

    With `greeting` the client asks for TLS first, in the way of PostgreSQL's protocol.
    """

    async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            if greeting:
                await reader.readexactly(_SSL_REQUEST_BYTES)
                writer.write(b"S")
                await writer.drain()
                await writer.start_tls(context)
            inside, outside = await asyncio.open_unix_connection(socket)
            await asyncio.gather(_pass_on(reader, outside), _pass_on(inside, writer))
        writer.close()

    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    serving = asyncio.run_coroutine_threadsafe(
        asyncio.start_server(visit, "127.0.0.1", 0, ssl=None if greeting else context), loop
    ).result()
    try:
        yield serving.sockets[0].getsockname()[1]
    finally:
        serving.get_loop().call_soon_threadsafe(serving.close)
        asyncio.run_coroutine_threadsafe(_end_visits(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end_visits() -> None:
    visits = asyncio.all_tasks() - {asyncio.current_task()}
    for visit in visits:
        visit.cancel()
    await asyncio.gather(*visits, return_exceptions=True)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
