"""The options of a process that serves Prometheus metrics."""

from collections.abc import Callable
from typing import Any

import click

from rrm_queue.cli.options.ranges import WholeNumbers

LOOPBACK = "127.0.0.1"


def metrics_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--metrics-port` and `--metrics-host`."""
    host = click.option(
        "--metrics-host",
        default=LOOPBACK,
        show_default=True,
        help="Address on which the metrics are served.",
    )
    port = click.option(
        "--metrics-port",
        type=WholeNumbers(0, 65535),
        help="Port for Prometheus metrics, at /metrics.",
    )
    return port(host(command))
