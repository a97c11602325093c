import logging

import pytest

from rrm_queue.log_once import log_once


def test_the_same_event_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger(f"{__name__}.once")
    for job in ("a", "a", "b", "a"):
        log_once(log, logging.ERROR, "job %s is left to others", job)
    assert caplog.messages == ["job a is left to others", "job b is left to others"]
