"""`rrmq coordinator`: plans, dispatches, records and recovers until it is stopped."""

from contextlib import closing

import click

from rrm_queue.actions.app import App
from rrm_queue.actions.logs import log_to_stderr
from rrm_queue.actions.settings import read_settings
from rrm_queue.broker.app import create_app
from rrm_queue.broker.client import BrokerClient, redis_client
from rrm_queue.broker.names import COORDINATOR_QUEUE
from rrm_queue.broker.processes import process_name
from rrm_queue.broker.serve import consume
from rrm_queue.broker.tasks import serve_wakes
from rrm_queue.cli.options.metrics import metrics_options
from rrm_queue.coordinator.metrics import Metrics
from rrm_queue.coordinator.service import Coordinator
from rrm_queue.store.database import Database, Plans

IDLE_LIMIT = 30.0
"""Seconds after which the server ends the transaction of a coordinator that is frozen in it."""


@click.command("coordinator")
@metrics_options
def command(metrics_port: int | None, metrics_host: str) -> int:
    """Plan, dispatch and record until stopped. Several coordinators share the work."""
    settings = read_settings()
    log_to_stderr(settings)
    metrics = Metrics()
    if metrics_port is not None:
        metrics.serve(metrics_host, metrics_port)
    with App(settings) as opened:
        opened.database.check_schema()
        addresses = opened.addresses
    with closing(open_database(addresses.database_url)) as database:
        app = create_app(addresses.broker_url)
        broker = BrokerClient(lambda: app, redis_client(addresses.broker_url))
        broker.check_access()
        coordinator = Coordinator(database, broker, process_name(), metrics)
        serve_wakes(app, coordinator.wake)
        coordinator.start()
        code = consume(
            app,
            name="coordinator",
            queues=[COORDINATOR_QUEUE],
            threads=1,
            waiting=broker.waiting,
            stopping=coordinator.stop,
        )
        coordinator.stop()
        coordinator.join()
    return code


def open_database(url: str) -> Database:
    """The store, whose plans follow the tables, which grow while this process lives."""
    return Database(url, idle_limit=IDLE_LIMIT, plans=Plans.RENEWED)
