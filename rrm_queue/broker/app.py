"""The Celery app: names, queues, and settings for messages that carry a batch each."""

from typing import Any

import msgspec
from celery import Celery
from kombu.serialization import register

from rrm_queue.broker import address, transport
from rrm_queue.broker.names import COORDINATOR_QUEUE
from rrm_queue.broker.transport import CONTENT_TYPE

SERIALIZER = "rrmq"


def _encode(body: Any) -> bytes:
    return msgspec.msgpack.encode(body)


def _decode(body: bytes) -> Any:
    return msgspec.msgpack.decode(body)


register(SERIALIZER, _encode, _decode, content_type=CONTENT_TYPE, content_encoding="binary")


def create_app(broker_url: str) -> Celery:
    """A Celery app on this broker, with no tasks yet (see `tasks`).

    Raises UsageFault for a URL that is no broker's.
    """
    transport.install()
    app = Celery("rrmq", broker=address.checked(broker_url), set_as_current=False)
    app.conf.update(
        accept_content=[SERIALIZER],
        task_serializer=SERIALIZER,
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_default_queue=COORDINATOR_QUEUE,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
        worker_consumer="rrm_queue.broker.serve:Consumer",
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        # An error that the server answers, such as that it is out of memory, ends no process.
        broker_channel_error_retry=True,
        broker_transport_options={
            # Without a timeout a publish can hang for ever on a half-open connection.
            "socket_timeout": 30,
            "socket_connect_timeout": 5,
            "health_check_interval": 15,
            # One list a queue: jobs share the fleet by dispatch, not by priorities in Redis.
            "priority_steps": [0],
        },
    )
    return app
