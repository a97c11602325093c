from hashlib import sha256

import pytest

from rrm_queue.judging.prompt import ASSISTANT, SYSTEM, TEMPLATE, rrm_messages


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SYSTEM, "84b052628bac5f29f880e49277ea0b8b449fc4fadcc1ac3cb1a62e858f98529a"),
        (TEMPLATE, "fd0cb0626b21306e1a38af3b286656316d5989bc11e218a2fe3e03007bab7edc"),
        (ASSISTANT, "5c0113e9a6d858af0047c73e7421f4ce19daaf2641e1f4866a3a2cd297cbc7ee"),
    ],
    ids=["system", "template", "assistant"],
)
def test_the_prompt_is_the_model_cards_to_the_byte(text: str, expected: str) -> None:
    assert digest(text) == expected


def test_a_prompt_with_braces_in_its_texts_is_the_model_cards_to_the_byte() -> None:
    system, user = rrm_messages("What is {1, 2} \N{UNION} {3}?", "{1, 2, 3}\n", "{0}{answer1}{{}}")
    assert (system["role"], user["role"]) == ("system", "user")
    assert system["content"] == SYSTEM
    assert digest(user["content"]) == (
        "bb992e194312cd3810174fb10042427a19ad1fbb5933e2ca3e1905a2853c1e10"
    )


def test_nothing_that_varies_stands_before_the_second_answer() -> None:
    def head(answer2: str) -> str:
        return rrm_messages("question", "one", answer2)[1]["content"].split("### Assistant 2")[0]

    assert head("two") == head("another")
