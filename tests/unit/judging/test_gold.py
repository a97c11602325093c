"""How good an answer is: simulated judges know it, and no prompt of any judge ever says it."""

import asyncio
import json

import msgspec
import pytest

from rrm_queue.domain import JudgeSpec, Vote
from rrm_queue.errors import PermanentFault, UsageFault
from rrm_queue.judging.engines.openai.wire import payload_of, prompt_of
from rrm_queue.judging.engines.simulated.engine import SimulatedEngine
from rrm_queue.judging.template import check_template
from rrm_queue.judging.vote_key import vote_key
from rrm_queue.judging.vote_request import VoteRequest
from rrm_queue.messages import Answer

TEMPLATE = (
    "{{ question }} {{ answer_1 }} {{ answer_2 }} {% if reference %}{{ reference }}{% endif %}"
)
ONE, TWO = 0.912345, 0.198765


def vote_request(judge: JudgeSpec, one: float | None = ONE, two: float | None = TWO) -> VoteRequest:
    """A vote on two answers whose worth is known, whether or not it should have come along."""
    answers = Answer(0, "a", "four", one), Answer(1, "b", "five", two)
    return VoteRequest("t", "2 + 2?", "4", *answers, number=1, seed=5, swapped=False, judge=judge)


@pytest.mark.parametrize("template", [None, TEMPLATE])
def test_no_request_tells_how_good_an_answer_is(template: str | None) -> None:
    judge = JudgeSpec("openai", "m", base_url="https://host/v1", template=template)
    known, unknown = vote_request(judge), vote_request(judge, None, None)
    payload = payload_of(known, prompt_of(known))
    assert payload == payload_of(unknown, prompt_of(unknown))
    assert not any(str(gold) in json.dumps(payload) for gold in (ONE, TWO))
    assert vote_key(known, 0) == vote_key(unknown, 0), "and the same vote is the same vote"


@pytest.mark.parametrize("slot", ["gold", "answer_1.gold", "gold_1"])
def test_a_template_cannot_ask_for_it(slot: str) -> None:
    with pytest.raises(UsageFault, match="a template may contain only"):
        check_template(TEMPLATE + "{{ " + slot + " }}")


def test_what_nobody_knows_is_not_sent() -> None:
    plain = msgspec.msgpack.decode(msgspec.msgpack.encode(Answer(0, "a", "four")))
    assert plain == {"number": 0, "key": "a", "text": "four"}


def simulated(request: VoteRequest) -> Vote:
    return asyncio.run(SimulatedEngine().vote(request))


def test_a_simulated_vote_says_what_it_is_and_repeats_itself() -> None:
    vote = simulated(vote_request(JudgeSpec("simulated", "1.0")))
    assert (vote.model, vote.text, vote.verdict) == ("simulated:1.0", "", "first")
    assert simulated(vote_request(JudgeSpec("simulated", "1.0"))) == vote
    assert simulated(vote_request(JudgeSpec("simulated", "0.0"))).verdict == "second"


@pytest.mark.parametrize("gold", [(None, 1.0), (1.0, None)])
def test_without_gold_there_is_nothing_to_simulate(gold: tuple[float, float]) -> None:
    with pytest.raises(PermanentFault, match="'t' have no gold"):
        simulated(vote_request(JudgeSpec("simulated", "0.8"), *gold))


def test_a_skill_of_another_version_fails_for_good() -> None:
    with pytest.raises(PermanentFault, match="simulated:wise"):
        simulated(vote_request(JudgeSpec("simulated", "wise")))
