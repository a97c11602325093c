"""`--watch` in a real terminal: the bar counts matches and says how long the job still takes."""

import re
import time
from pathlib import Path

from kit.command import Rrmq
from kit.jobs import judged, lines, received, submit_file
from kit.terminal import terminal
from kit.waiting import PATIENCE

from rrm_queue.broker.client import BrokerClient
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.record import record
from rrm_queue.store.database import Database

LEFT = re.compile(r"(\d+)/400 matches[^\r\n]*, (\d+ (?:s|min)) left")


def test_the_time_left_is_shown_while_matches_are_decided(
    rrmq_there: Rrmq, database: Database, broker: BrokerClient, tmp_path: Path
) -> None:
    job = submit_file(database, lines([2] * 400))
    dispatch(database, broker)
    batches = list(received(broker))
    argv = rrmq_there.argv("status", job, "--watch")
    with terminal(argv, rrmq_there.environment) as held:
        held.until("/400 matches")
        record(database, judged(batches.pop()))
        # No more is recorded until it is shown, so a slow watch cannot miss it.
        until = time.monotonic() + PATIENCE
        while not LEFT.search(held.shown):
            assert time.monotonic() < until, held.shown
            held.wait(0.1)
        while batches or dispatch(database, broker):
            batches += received(broker)
            record(database, judged(batches.pop()))
        assert held.ended() == 0
        assert "succeeded" in held.shown
    seen = [int(done) for done, _ in LEFT.findall(held.shown)]
    assert seen == sorted(seen)
    assert 0 < seen[0] < 400
