from pathlib import PurePosixPath

import pytest

from rrm_queue.domain import JudgeSpec
from rrm_queue.errors import UsageFault
from rrm_queue.judging.kinds import kind_of
from rrm_queue.judging.spec import (
    field_value,
    needs_reference,
    parse_spec,
    with_extra,
    with_sampling,
    with_template,
)

HERE = PurePosixPath("/here")


def parsed(text: str, base_url: str = "https://host/v1/") -> JudgeSpec:
    return parse_spec(text, base_url=base_url, folder=HERE)


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("reference", JudgeSpec("reference")),
        ("replay:verdicts.jsonl", JudgeSpec("replay", "/here/verdicts.jsonl")),
        ("replay:/there/a:b.jsonl", JudgeSpec("replay", "/there/a:b.jsonl")),
        ("simulated:0.80", JudgeSpec("simulated", "0.8")),
        ("simulated:0.8:0.5", JudgeSpec("simulated", "0.8:0.5")),
        ("rrm-7b", JudgeSpec("sglang", "rrm-7b")),
        ("rrm-32b", JudgeSpec("sglang", "rrm-32b")),
        ("sglang:my-judge_1.5", JudgeSpec("sglang", "my-judge_1.5")),
        ("sglang:org/model:v1", JudgeSpec("sglang", "org/model:v1")),
        ("openai:org/model:v1", JudgeSpec("openai", "org/model:v1", base_url="https://host/v1")),
    ],
)
def test_a_known_judge_is_parsed(text: str, spec: JudgeSpec) -> None:
    assert parsed(text) == spec


@pytest.mark.parametrize(
    "text", ["", "nobody", "reference:x", "reference:", "replay", "replay:", "openai: ", "Openai:m"]
)
def test_an_unknown_judge_is_refused_in_one_line_that_names_the_known(text: str) -> None:
    with pytest.raises(UsageFault) as refused:
        parsed(text)
    message = str(refused.value)
    assert "\n" not in message
    assert "reference, replay:FILE, simulated:ACCURACY, openai:MODEL, rrm-7b" in message


@pytest.mark.parametrize(
    "text",
    [
        "sglang",
        "sglang:reference",
        "sglang:openai",
        "sglang:",
        "sglang:a b",
        "sglang:../x y",
        "rrm-7b:",
        "rrm-7b:x",
        "RRM-7B",
    ],
)
def test_a_judge_on_sglang_needs_a_name_that_a_queue_can_have(text: str) -> None:
    with pytest.raises(UsageFault, match="unknown judge"):
        parsed(text)


@pytest.mark.parametrize("url", ["", "host/v1", "ftp://host", "http://", "http://[", "http://h:x"])
def test_a_base_url_must_be_one(url: str) -> None:
    with pytest.raises(UsageFault, match="is not a base URL"):
        parsed("openai:m", url)


@pytest.mark.parametrize("url", ["https://me:secret@host/v1", "https://host/v1?key=secret"])
def test_a_base_url_with_a_secret_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(UsageFault) as refused:
        parsed("openai:m", url)
    assert "secret" not in str(refused.value)


def test_only_the_reference_judge_needs_references() -> None:
    assert needs_reference(parsed("reference"))
    assert not needs_reference(parsed("replay:f"))
    assert not needs_reference(parsed("rrm-7b"))


SLOTS = "{{ question }}{{ answer_1 }}{{ answer_2 }}"


def test_a_judge_whose_template_shows_a_reference_needs_references() -> None:
    assert not needs_reference(with_template(parsed("rrm-7b"), SLOTS))
    assert needs_reference(with_template(parsed("rrm-7b"), SLOTS + "{{ reference }}"))
    guarded = SLOTS + "{% if reference %}{{ reference }}{% endif %}"
    assert not needs_reference(with_template(parsed("openai:m"), guarded))


def test_sampling_settings_take_the_place_of_the_judges_own() -> None:
    given = {"temperature": "0", "top_p": "0.95", "max_tokens": "16384", "regex": "(a|b)+"}
    assert with_sampling(parsed("rrm-7b"), given) == JudgeSpec(
        "sglang", "rrm-7b", temperature=0, top_p=0.95, max_tokens=16384, regex="(a|b)+"
    )
    assert with_sampling(parsed("reference"), {}) == JudgeSpec("reference")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", "hot"),
        ("temperature", "-0.1"),
        ("temperature", "2.1"),
        ("temperature", "nan"),
        ("top_p", "0"),
        ("top_p", "inf"),
        ("max_tokens", "0"),
        ("max_tokens", "1e3"),
        ("max_tokens", "1000001"),
        ("regex", "(a"),
        ("regex", ""),
        ("n", "2"),
    ],
)
def test_a_bad_sampling_setting_is_refused_by_its_name(name: str, value: str) -> None:
    with pytest.raises(UsageFault, match=f"{name}") as refused:
        with_sampling(parsed("openai:m"), {name: value})
    assert "\n" not in str(refused.value)


def test_judges_that_write_no_text_have_no_settings_and_no_template() -> None:
    with pytest.raises(UsageFault, match="reference writes no text"):
        with_sampling(parsed("reference"), {"temperature": "0"})
    with pytest.raises(UsageFault, match="replay:/here/f writes no text"):
        with_template(parsed("replay:f"), SLOTS)


@pytest.mark.parametrize(
    "text", ["simulated:2", "simulated:well", "simulated:0.8:", "simulated:nan"]
)
def test_a_simulated_judge_needs_an_accuracy(text: str) -> None:
    with pytest.raises(UsageFault, match="write its accuracy from 0 to 1"):
        parsed(text)


def test_only_a_simulated_judge_knows_how_good_answers_are() -> None:
    assert kind_of(parsed("simulated:0.8")).needs_gold
    others = ("reference", "replay:f", "rrm-7b", "sglang:m", "openai:m")
    assert not any(kind_of(parsed(text)).needs_gold for text in others)


def test_an_empty_setting_leaves_its_parameter_out() -> None:
    spec = with_sampling(parsed("openai:m"), {"seed": "", "temperature": " ", "top_p": "0.5"})
    assert (set(spec.omit), spec.top_p) == ({"seed", "temperature"}, 0.5)
    with pytest.raises(UsageFault, match="seed of its own"):
        with_sampling(parsed("openai:m"), {"seed": "7"})


def test_added_fields_are_kept_in_one_order() -> None:
    spec = with_extra(with_extra(parsed("openai:m"), {"b": 1}), {"a": None})
    assert list(spec.extra.items()) == [("a", None), ("b", 1)]
    with pytest.raises(UsageFault, match="writes no text"):
        with_extra(parsed("reference"), {"a": 1})


@pytest.mark.parametrize(
    ("text", "value"),
    [("low", "low"), ("true", True), ("5", 5), ('{"a": [1]}', {"a": [1]}), ('"x y"', "x y")],
)
def test_a_field_is_json_or_a_plain_word(text: str, value: object) -> None:
    assert field_value(text) == value


@pytest.mark.parametrize("text", ["{", "x y", "", "-", "[1,"])
def test_a_field_that_is_neither_is_refused(text: str) -> None:
    with pytest.raises(UsageFault, match="no JSON value"):
        field_value(text)
