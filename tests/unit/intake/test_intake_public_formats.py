"""Rows as public data sets and programs write them, each in its own words."""

from typing import Any

import pytest
from kit.intake_cases import Read, generators, told
from kit.intake_shapes import Row, comma_separated, jsonl, problems, tournaments

from rrm_queue.intake.formats.base import Empty
from rrm_queue.intake.formats.labels import LabelNumbers

FRUIT = "Name a fruit."
PEAR = {"a": "A pear.", "b": "A leek."}


def read(*files: bytes, **options: Any) -> list[Read]:
    return [told(item) for item in tournaments(*files, **options)]


def only(rows: Row, **options: Any) -> Read:
    (found,) = read(jsonl([rows]), **options)
    return found


def refusal(row: Row, **options: Any) -> str:
    ((_, said),) = problems(jsonl([row]), **options)
    return said


def test_a_question_in_a_column_of_its_own_is_not_guessed_from_the_answers() -> None:
    row = {"system": "", "question": FRUIT, "chosen": "A pear.", "rejected": "A carrot."}
    assert "if `question` holds it, mapping='prompt=question'" in refusal(row)
    mapped = only(row, mapping={"prompt": "question"})
    assert mapped == Read("1", FRUIT, {"chosen": "A pear.", "rejected": "A carrot."}, ["chosen"])


@pytest.mark.parametrize(
    ("template", "prompt"),
    [
        ("\n\nHuman: Hi?\n\nAssistant: @", "\n\nHuman: Hi?\n\nAssistant:"),
        ("Human: Hi?\nAssistant: @", "Human: Hi?\nAssistant:"),
        (
            "<|im_start|>user\nHi?<|im_end|>\n<|im_start|>assistant\n@<|im_end|>\n",
            "<|im_start|>user\nHi?<|im_end|>\n<|im_start|>assistant",
        ),
        ("<s>[INST] Hi? [/INST] @ </s>", "<s>[INST] Hi? [/INST]"),
        (
            "<|start_header_id|>user<|end_header_id|>\n\nHi?<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n@<|eot_id|>",
            "<|start_header_id|>user<|end_header_id|>\n\nHi?<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>",
        ),
        (
            "<start_of_turn>user\nHi?<end_of_turn>\n<start_of_turn>model\n@<end_of_turn>\n",
            "<start_of_turn>user\nHi?<end_of_turn>\n<start_of_turn>model",
        ),
        ("<|user|>\nHi?</s>\n<|assistant|>\n@</s>", "<|user|>\nHi?</s>\n<|assistant|>"),
        (
            "Answer it.\n\n### Instruction:\nHi?\n\n### Response:\n@",
            "Answer it.\n\n### Instruction:\nHi?\n\n### Response:",
        ),
        ("A chat. USER: Hi? ASSISTANT: @</s>", "A chat. USER: Hi? ASSISTANT:"),
        ("### Human: Hi?\n### Assistant: @", "### Human: Hi?\n### Assistant:"),
        (
            "GPT4 Correct User: Hi?<|end_of_turn|>GPT4 Correct Assistant: @<|end_of_turn|>",
            "GPT4 Correct User: Hi?<|end_of_turn|>GPT4 Correct Assistant:",
        ),
        ("Q: Hi?\nA: @", "Q: Hi?\nA:"),
    ],
)
def test_the_answer_follows_the_last_marker_of_a_chat_template(template: str, prompt: str) -> None:
    row = {
        "chosen": template.replace("@", "A pear. Sweet."),
        "rejected": template.replace("@", "A pear? No."),
    }
    found = only(row)
    assert found.prompt == prompt
    answers = {key: text.strip() for key, text in found.answers.items()}
    assert answers == {"chosen": "A pear. Sweet.", "rejected": "A pear? No."}
    asks_else = {**row, "rejected": row["rejected"].replace("Hi?", "Hello?")}
    assert "ask different questions" in refusal(asks_else)


def kaggle(**changed: object) -> Row:
    return {
        "id": 30192,
        "model_a": "small-7b",
        "model_b": "tiny-1b",
        "prompt": '["Name a fruit."]',
        "response_a": '["A pear."]',
        "response_b": '["A leek."]',
        "winner_model_a": 0,
        "winner_model_b": 1,
        "winner_tie": 0,
        **changed,
    }


def test_turns_of_the_arena_in_cells_and_its_winner_in_three_columns() -> None:
    two = kaggle(
        id=2,
        prompt='["Name a fruit.", "Another\\ud83d."]',
        response_a='["A pear.", "A plum."]',
        response_b='["A leek.", "An oak."]',
        winner_model_b=0,
        winner_tie=1,
    )
    one_turn, two_turns = read(comma_separated([kaggle(), two]))
    assert one_turn == Read("30192", FRUIT, PEAR, ["b"])
    assert two_turns == Read(
        "2",
        FRUIT,
        {
            "a": "Assistant: A pear.\n\nUser: Another\ufffd.\n\nAssistant: A plum.",
            "b": "Assistant: A leek.\n\nUser: Another\ufffd.\n\nAssistant: An oak.",
        },
        ["tie"],
    )
    (named,) = tournaments(comma_separated([kaggle()]))
    assert generators(named) == ["small-7b", "tiny-1b"]
    assert "turns, but answer 2 has 1" in refusal(two | {"response_b": ["A leek."]})


def test_a_null_turn_of_the_arena_is_an_empty_answer() -> None:
    rows = comma_separated([kaggle(response_b="[null]")])
    ((line, said),) = problems(rows)
    assert (line, said) == (2, "`response_b` is empty; empty='keep' makes a candidate of it")
    (kept,) = read(rows, empty=Empty.KEEP)
    assert kept.answers == {"a": "A pear.", "b": ""}
    ((_, said),) = problems(rows, empty=Empty.DROP)
    assert said.endswith("empty='keep' makes candidates of empty ones too")


QUESTION = {"question_id": 81, "category": "writing", "turns": [FRUIT, "Another."]}


def answered(model: str, *turns: object) -> bytes:
    choices = [{"index": 0, "turns": list(turns)}]
    row = {"question_id": 81, "answer_id": "x", "model_id": model, "choices": choices}
    return jsonl([row])


def test_mt_bench_s_files_are_joined_in_any_order() -> None:
    files = [answered("m1", "A pear.", "A plum."), answered("m2", "A leek.", "An oak.")]
    for order in ([jsonl([QUESTION]), *files], [*files, jsonl([QUESTION])]):
        (item,) = tournaments(*order)
        assert item.subset == "writing"
        assert told(item) == Read(
            "81",
            FRUIT,
            {
                "m1": "Assistant: A pear.\n\nUser: Another.\n\nAssistant: A plum.",
                "m2": "Assistant: A leek.\n\nUser: Another.\n\nAssistant: An oak.",
            },
            [],
        )
    ((_, said),) = problems(*files)
    assert said == "the answers to '81' have no question; give its file too"
    ((_, said),) = problems(jsonl([QUESTION]))
    assert said == "there are no answers to this; give the files of answers too"


@pytest.mark.parametrize(
    ("first", "second", "preferred"),
    [
        ("model_1", "model_1", "m1"),
        ("model_2", "model_2", "m2"),
        ("model_1", "model_2", "tie"),
        ("tie", "tie", "tie"),
    ],
)
def test_a_judgement_of_mt_bench_labels_its_pair(first: str, second: str, preferred: str) -> None:
    said = {"question_id": 81, "model_1": "m1", "model_2": "m2", "judge": ["gpt-4", "pair-v2"]}
    judged = jsonl([said | {"g1_winner": first, "g2_winner": second, "turn": 1}])
    answers = [answered("m1", {"content": "A pear."}), answered("m2", {"content": "A leek."})]
    (found,) = read(jsonl([QUESTION]), *answers, judged)
    assert found.answers == {"m1": "A pear.", "m2": "A leek."}
    assert found.preferred == [preferred]


def test_arena_hard_s_questions_answers_and_judgements_are_joined() -> None:
    def said(model: str, answer: str) -> bytes:
        messages = [
            {"role": "user", "content": FRUIT},
            {"role": "assistant", "content": {"answer": answer}},
        ]
        return jsonl([{"uid": "u", "model": model, "messages": messages}])

    question = jsonl([{"uid": "u", "category": "hard", "prompt": FRUIT}])
    games = [{"score": "B>>A"}, {"score": "A>B"}]
    judged = jsonl([{"uid": "u", "judge": "g", "model": "m2", "baseline": "m1", "games": games}])
    (found,) = read(said("m1", "A leek."), said("m2", "A pear."), question, judged)
    assert found == Read("u", FRUIT, {"m1": "A leek.", "m2": "A pear."}, ["m2"])


def test_a_whole_decimal_number_is_an_id() -> None:
    rows = [{"id": number, "prompt": "p", "candidates": ["x", "y"]} for number in (1.0, 2.0, 1e3)]
    assert [one.key for one in read(jsonl(rows))] == ["1", "2", "1000"]
    assert "decimal number" in refusal({**rows[0], "id": 1.5})


def test_nectar_s_ranks_are_labels() -> None:
    ranked = [("A pear.", "m1", 1.0), ("A plum.", "m2", 2.0), ("A leek.", "m3", 2.0)]
    answers = [{"answer": text, "model": model, "rank": rank} for text, model, rank in ranked]
    row = {"prompt": "\n\nHuman: Hi\n\nAssistant: ", "answers": answers, "turns": 1}
    found = only(row)
    assert found.answers == {"m1": "A pear.", "m2": "A plum.", "m3": "A leek."}
    assert found.preferred == ["m1", "m1", "tie"]
    mapped = only(row, mapping={"candidates": "answers"})
    assert list(mapped.answers.values()) == ["A pear.", "A plum.", "A leek."]


@pytest.mark.parametrize("key", ["text", "content", "response", "output", "answer", "completion"])
def test_a_candidate_s_text_and_model_have_their_usual_names(key: str) -> None:
    candidates = [{key: "A pear.", "model": "m1"}, {key: "A leek.", "model": "m2"}]
    (item,) = tournaments(jsonl([{"prompt": FRUIT, "candidates": candidates}]))
    assert [one.text for one in item.candidates] == ["A pear.", "A leek."]
    assert generators(item) == ["m1", "m2"]


HELPSTEER3 = {
    "domain": "general",
    "context": [{"role": "user", "content": FRUIT}],
    "response1": "A pear.",
    "response2": "A leek.",
}
SHP = {
    "post_id": "x",
    "domain": "cooking",
    "history": FRUIT,
    "human_ref_A": "A pear.",
    "human_ref_B": "A leek.",
}


@pytest.mark.parametrize(
    ("row", "labels"),
    [
        ({**HELPSTEER3, "overall_preference": 0}, "tie"),
        ({**HELPSTEER3, "overall_preference": -3}, "a"),
        ({**HELPSTEER3, "overall_preference": 1}, "b"),
        ({**SHP, "labels": 1}, "a"),
        ({**SHP, "labels": 0}, "b"),
        ({"input": FRUIT, "output_1": "A pear.", "output_2": "A leek.", "label": 2}, "b"),
        ({"prompt": FRUIT, "response 1": "A pear.", "response 2": "A leek.", "label": 0}, "a"),
        ({"prompt": FRUIT, "response 1": "A pear.", "response 2": "A leek.", "label": 2}, "tie"),
        (
            {
                "prompt": FRUIT,
                "response_1": "A pear.",
                "response_2": "A leek.",
                "preference_strength": 2,
            },
            "b",
        ),
        (
            {"question": FRUIT, "response_A": "A pear.", "response_B": "A leek.", "label": "B>A"},
            "b",
        ),
    ],
)
def test_labels_of_public_sets_are_read_by_their_own_rule(row: Row, labels: str) -> None:
    assert only(row) == Read("1", FRUIT, PEAR, [labels])


def test_numeric_labels_under_mapped_names() -> None:
    mapping = {
        "prompt": "context",
        "response_a": "response1",
        "response_b": "response2",
        "label": "overall_preference",
    }
    row = {**HELPSTEER3, "overall_preference": -2}
    assert "labels='1-2', or 0-1, 1-0, minus-plus, plus-minus" in refusal(row, mapping=mapping)
    signed = only(row, mapping=mapping, labels=LabelNumbers.MINUS_PLUS)
    assert signed == Read("1", FRUIT, PEAR, ["a"])
    chosen = {"prompt": "p", "chosen": "a", "rejected": "b"}
    said = refusal(chosen, labels=LabelNumbers.ONE_TWO)
    assert said == "labels='1-2': no label of TRL preference pairs can be a number"
    panda = {"idx": 0, "instruction": "Sum.", "input": "1, 2", "response1": "3", "response2": "4"}
    voted = only(panda | {"annotator1": 1}, mapping={"label": "annotator1"})
    assert voted == Read("0", "Sum.\n\n1, 2", {"a": "3", "b": "4"}, ["a"])


def test_samples_of_lm_eval_are_taken_once_and_joined_over_models() -> None:
    def sample(name: str, *said: object) -> Row:
        row: Row = {"doc_id": 4, "doc": {"question": "2 + 2?"}, "target": "4", "filter": name}
        return row | {"arguments": {"gen_args_0": {"arg_0": "Q: 2 + 2?"}}, "resps": [list(said)]}

    one = jsonl([sample("strict", "4", "5"), sample("flexible", "4", "5")])
    (found,) = read(one, jsonl([sample("strict", "22")]))
    assert found == Read("4", "2 + 2?", {"0": "4", "1": "5", "2": "22"}, [])
    (sent,) = read(jsonl([sample("strict", "4", "5") | {"doc": {"q": "?"}}]))
    assert sent.prompt == "Q: 2 + 2?"
    assert "is a list, not text" in refusal(sample("none", [-1.5, False]))


@pytest.mark.parametrize(
    "answers",
    [
        {"responses": ["A pear.", "A leek."]},
        {"outputs": ["A pear.", "A leek."]},
        {"completions": ["A pear.", "A leek."]},
        {"generations": ["A pear.", "A leek."]},
        {"outputs": [{"index": 0, "text": "A pear."}, {"index": 1, "text": "A leek."}]},
        {"choices": [{"message": {"role": "assistant", "content": t}} for t in PEAR.values()]},
    ],
)
def test_a_list_of_answers_has_many_names(answers: Row) -> None:
    expected = Read("1", FRUIT, {"0": "A pear.", "1": "A leek."}, [])
    assert only({"prompt": FRUIT} | answers) == expected
    assert only({"instruction": "Name", "input": "a fruit."} | answers).prompt == "Name\n\na fruit."
    assert "mapping='prompt=question'" in refusal({"question": FRUIT} | answers)


def test_requests_and_results_of_a_batch_are_joined() -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": FRUIT}]}
    asked = jsonl([{"custom_id": "r", "method": "POST", "url": "/v1", "body": body}])
    choices = [{"message": {"role": "assistant", "content": text}} for text in PEAR.values()]
    got = {"custom_id": "r", "response": {"status_code": 200, "body": {"choices": choices}}}
    assert read(asked, jsonl([got])) == [Read("r", FRUIT, {"0": "A pear.", "1": "A leek."}, [])]
    failed = {"custom_id": "r", "response": None, "error": {"code": "x"}}
    assert problems(asked, jsonl([failed]))[0][1].startswith("`response` is null: this request")


def test_preferences_of_openai_and_llama_factory() -> None:
    openai = {
        "input": {"messages": [{"role": "user", "content": FRUIT}], "tools": []},
        "preferred_output": [{"role": "assistant", "content": "A pear."}],
        "non_preferred_output": [{"role": "assistant", "content": "A leek."}],
    }
    answers = {"chosen": "A pear.", "rejected": "A leek."}
    assert only(openai) == Read("1", FRUIT, answers, ["chosen"])
    alpaca = {"instruction": "Name one.", "input": "Fruit.", "system": "Be brief.", **answers}
    assert only(alpaca).prompt == "System: Be brief.\n\nUser: Name one.\n\nFruit."
    before = only(alpaca | {"history": [["Hi.", "Yo."]]}).prompt
    assert before.endswith("User: Hi.\n\nAssistant: Yo.\n\nUser: Name one.\n\nFruit.")
    shared = {
        side: {"messages": [openai["input"]["messages"][0], {"from": "gpt", "value": text}]}  # type: ignore[index]  # an object
        for side, text in answers.items()
    }
    assert only(shared) == Read("1", FRUIT, answers, ["chosen"])


def test_columns_of_pairs_are_proposed_for_the_answers() -> None:
    said = refusal({"question": "p", "gpt_1": "x", "gpt_2": "y"})
    assert "mapping='prompt=question' mapping='response_a=gpt_1' mapping='response_b=gpt_2'" in said


def test_a_call_that_is_no_call_and_content_that_is_no_text_are_named() -> None:
    def said(**message: object) -> str:
        answer = [{"role": "assistant", **message}]
        return refusal({"prompt": "p", "chosen": answer, "rejected": "b"})

    assert "`chosen[0].tool_calls[0].name` is missing" in said(content="x", tool_calls=[{}])
    assert "`chosen[0].tool_calls[0]` is text" in said(content="x", tool_calls=["x"])
    assert "`chosen[0].tool_calls` is a number" in said(content="x", tool_calls=3)
    assert "of type 'image_url'" in said(content=[{"type": "image_url"}])
    call = {"name": "f", "arguments": {"x": 1}}
    row = {"prompt": "p", "chosen": {"role": "assistant", "function_call": call}, "rejected": "b"}
    assert only(row).answers["chosen"] == 'Tool call: f({"x": 1})'
    refused = {"role": "assistant", "content": None, "refusal": "I won't."}
    assert only(row | {"rejected": refused}).answers["rejected"] == "I won't."
