"""Which requests an engine computes, as far as its worker can tell."""

from rrm_queue.judging.progress import Progress, computed


def at_engine(*sent: float) -> list[Progress]:
    """Requests that were sent at these times."""
    requests = [Progress() for _ in sent]
    for request, now in zip(requests, sent, strict=True):
        request.sent(now)
    return requests


def test_a_request_that_no_engine_has_is_not_computed() -> None:
    over = Progress()
    over.sent(1.0)
    over.over()
    assert computed([Progress(), over], None) == set()


def test_any_request_may_be_computed_when_the_engines_queue_is_not_known() -> None:
    requests = at_engine(1.0, 2.0)
    assert computed(requests, None) == set(requests)


def test_those_in_the_engines_queue_are_the_last_that_were_sent() -> None:
    first, second, third = at_engine(1.0, 2.0, 3.0)
    assert computed([third, first, second], 2) == {first}
    assert computed([third, first, second], 3) == set()
    assert computed([third, first, second], 9) == set()


def test_a_request_that_is_being_answered_is_computed_whenever_it_was_sent() -> None:
    first, second, third = at_engine(1.0, 2.0, 3.0)
    third.arrived()
    assert computed([first, second, third], 2) == {third}


def test_a_request_that_is_sent_again_has_not_begun() -> None:
    first, second = at_engine(1.0, 2.0)
    first.arrived()
    first.sent(3.0)
    assert computed([first, second], 1) == {second}
