"""`rrmq serve`: jobs over HTTP until it is stopped."""

import time

import click

from rrm_queue.actions.app import App
from rrm_queue.actions.logs import log_to_stderr
from rrm_queue.actions.settings import read_settings
from rrm_queue.cli.options.metrics import LOOPBACK
from rrm_queue.cli.options.ranges import WholeNumbers


@click.command("serve")
@click.option(
    "--port",
    type=WholeNumbers(0, 65535),
    default=8765,
    help="Port to listen on; 0 chooses a free one.",
)
@click.option("--host", default=LOOPBACK, help="Address to listen on.")
@click.option(
    "--allow-host",
    "names",
    metavar="NAME",
    multiple=True,
    help="A further name under which clients call this server, such as that of a proxy in front of "
    "it; may be given several times.",
)
def command(port: int, host: str, names: tuple[str, ...]) -> int:
    """Serve jobs over HTTP until stopped. Several servers share the work.

    Clients send `Authorization: Bearer TOKEN` with a token of RRMQ_API_TOKENS, or of
    RRMQ_API_READ_TOKENS to read only. Without these a token is made, kept under RRMQ_HOME, and
    shown in the printed address. /docs describes every route; docs/http.md has examples.

    Only this machine can reach the server unless --host says otherwise, which needs RRMQ_API_TOKENS
    and should have a proxy with TLS in front of it.
    """
    from rrm_queue.web.serve import serve

    settings = read_settings()
    log_to_stderr(settings)
    with App(settings, since=time.time()) as app:
        return serve(app, host, port, names=names, ready=_say)


def _say(address: str) -> None:
    click.echo(f"rrmq serves at {address}")
