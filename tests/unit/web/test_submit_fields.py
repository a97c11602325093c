"""The options of a submission as they come in a form."""

from rrm_queue.web.fields import SubmitFields, submit_options


def test_several_judges_of_a_form_are_a_jury() -> None:
    several = submit_options(SubmitFields(), {"judge": ["simulated:0.9", "reference"]}, {})
    assert several.judge == ["simulated:0.9", "reference"]


def test_of_another_field_that_is_given_twice_the_last_counts() -> None:
    given = {"judge": ["reference"], "strategy": ["elo", "knockout"], "votes": ["3"]}
    options = submit_options(SubmitFields(), given, {})
    assert (options.judge, options.strategy, options.votes) == ("reference", "knockout", 3)
