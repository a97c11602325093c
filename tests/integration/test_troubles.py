"""What workers say of requests that wait, on a real Valkey."""

from rrm_queue.broker.client import BrokerClient
from rrm_queue.broker.judge_notes import KEEP_SECONDS as KEEP_NOTE
from rrm_queue.broker.judge_notes import LONGEST, note_key
from rrm_queue.broker.troubles import KEEP_SECONDS, Trouble, tell, told, trouble_key
from rrm_queue.domain import JobId


def test_what_workers_say_is_added_up_and_read_by_job(broker: BrokerClient) -> None:
    tell(broker.client, "one", {"a": ("slow down", 30), "b": ("boom", 1)})
    tell(broker.client, "two", {"a": ("slow down", 7)})
    assert broker.trouble(JobId("a")) == Trouble("slow down", 37)
    assert broker.trouble(JobId("b")) == Trouble("boom", 1)
    assert broker.trouble(JobId("c")) is None


def test_what_is_not_said_again_goes_away(broker: BrokerClient) -> None:
    tell(broker.client, "one", {"a": ("slow down", 30)})
    assert 0 < broker.client.ttl(trouble_key("a")) <= KEEP_SECONDS
    now, _ = broker.client.time()
    old = f'{{"at": {int(now) - KEEP_SECONDS - 1}, "reason": "long ago", "waiting": 9}}'
    broker.client.hset(trouble_key("a"), "two", old)
    assert broker.trouble(JobId("a")) == Trouble("slow down", 30)


def test_what_a_stranger_wrote_is_passed_over(broker: BrokerClient) -> None:
    broker.client.hset(trouble_key("a"), "x", "garbage")
    assert told(broker.client, "a") is None


def test_what_was_found_out_about_a_judge_stays_until_it_is_old(broker: BrokerClient) -> None:
    tell(broker.client, "one", {}, {"a": "seed is not sent", "b": "x" * 9999})
    assert broker.judge_note(JobId("a")) == "seed is not sent"
    assert len(broker.judge_note(JobId("b"))) == LONGEST
    assert broker.judge_note(JobId("c")) == ""
    assert 0 < broker.client.ttl(note_key("a")) <= KEEP_NOTE
