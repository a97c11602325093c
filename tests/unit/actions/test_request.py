from typing import Any

import pytest

from rrm_queue.actions import options
from rrm_queue.actions.formatting import spelled_stop
from rrm_queue.actions.request import SubmitOptions, request_of
from rrm_queue.actions.request_voting import voting_of
from rrm_queue.cli.commands.submit import command
from rrm_queue.cli.options.flags import flag
from rrm_queue.domain import Launch, OnNoVerdict, Order, Stop, Voting
from rrm_queue.errors import Option, UsageFault, spelled

NUMBERS = [options.VOTES, options.RESAMPLES, options.SEED, options.PRIORITY]
CHOICES = [
    options.ORDER, options.LAUNCH, options.ON_NO_VERDICT, options.SEEDING, options.EMPTY,
]  # fmt: skip
URL = "https://api.test/v1"


def test_without_options_a_match_takes_one_vote() -> None:
    assert voting_of(SubmitOptions()) == Voting()


def test_the_options_become_one_value() -> None:
    given = SubmitOptions(
        votes=6, order="both", launch="all", stop="lead:3", on_no_verdict="coin", resamples=0
    )
    assert voting_of(given) == Voting(
        6, Order.BOTH, Launch.ALL, Stop.LEAD, lead=3, on_no_verdict=OnNoVerdict.COIN, resamples=0
    )


@pytest.mark.parametrize(
    ("stop", "lead", "evidence"), [("evidence", 4, 0.9), ("evidence:0.75", 2, 0.75)]
)
def test_evidence_is_stored_with_the_least_lead_that_can_reach_it(
    stop: str, lead: int, evidence: float
) -> None:
    voting = voting_of(SubmitOptions(votes=9, stop=stop))
    assert voting == Voting(9, stop=Stop.LEAD, lead=lead, evidence=evidence)
    assert spelled_stop(voting) == f"evidence:{evidence}"


@pytest.mark.parametrize(
    "wrong",
    [
        {"stop": "soon"},
        {"stop": "lead"},
        {"stop": "lead:0"},
        {"stop": "lead:x"},
        {"stop": "lead:6", "votes": 5},
        {"stop": "evidence:"},
        {"stop": "evidence:x"},
        {"stop": "evidence:0.5"},
        {"stop": "evidence:1"},
        {"stop": "evidence:nan"},
        {"order": "both", "votes": 5},
        {"votes": 0},
        {"votes": 1002},
        {"votes": True},
        {"votes": "3"},
        {"order": "up"},
        {"launch": ""},
        {"on_no_verdict": "none"},
        {"resamples": 11},
    ],
)
def test_options_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageFault):
        voting_of(SubmitOptions(**wrong))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"order": "both", "votes": 5}, "--order both takes an even number of --votes"),
        ({"stop": "lead:0"}, "--stop lead:M needs a lead M between 1 and the number of --votes"),
        ({"stop": "soon"}, "--stop is never, decided, lead:M or evidence:P, not 'soon'"),
        (
            {"stop": "evidence:2"},
            "--stop evidence:P needs a probability P above 0.5 and at most 0.9999, not '2'",
        ),
        ({"name": "a\nb"}, "--name must be printable text of at most 1000 characters"),
        ({"judge": "\x1b"}, "--judge must be printable text of at most 1000 characters"),
        ({"seeding": "none"}, "--seeding is random, given, not 'none'"),
        ({"priority": 0}, "--priority is a whole number from 1 to 100, not 0"),
    ],
)
def test_a_refusal_names_the_option_as_the_face_spells_it(
    wrong: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageFault) as caught:
        request_of(SubmitOptions(**wrong), URL)
    assert spelled(caught.value.detail, flag) == message
    assert "--" not in str(caught.value)


@pytest.mark.parametrize("option", [*NUMBERS, *CHOICES], ids=lambda option: str(option.name))
def test_the_command_line_and_python_have_the_same_default(option: Any) -> None:
    [parameter] = [one for one in command.params if one.name == option.name]
    assert parameter.opts == [flag(Option(option.name))]
    assert parameter.default == option.default
    assert getattr(SubmitOptions(), option.name) == option.default
    assert option.checked(option.default) == option.default


@pytest.mark.parametrize("option", NUMBERS, ids=lambda option: option.name)
def test_a_whole_number_may_be_as_low_and_as_high_as_its_limits(
    option: options.WholeNumber,
) -> None:
    assert option.checked(option.low) == option.low
    assert option.checked(option.high) == option.high
    for beyond in (option.low - 1, option.high + 1):
        with pytest.raises(UsageFault, match=option.name):
            option.checked(beyond)


def test_the_same_options_make_jobs_that_differ_only_in_their_id() -> None:
    request = request_of(SubmitOptions(judge="simulated:0.8", name="mine"), URL)
    one, two = (request.job("a\x1b.jsonl") for _ in range(2))
    assert one.id != two.id
    assert one.source == r"a\x1b.jsonl"
    assert (one.name, one.queue) == ("mine", "rrmq.judge.simulated")
    assert request.needs.gold
