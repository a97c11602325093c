"""The small files of ../shared/cases: each is read rightly or refused by a line that says why."""

import pytest
from kit.intake_cases import Read, read_case, refusals

from rrm_queue.intake.formats.base import Empty, Ids
from rrm_queue.intake.formats.labels import LabelNumbers

FRUIT = "Name a fruit."
PEAR = {"a": "A pear.", "b": "A leek."}


def test_alpaca_rows_belong_together_by_instruction_and_input() -> None:
    first, second = read_case("01-alpaca-input.jsonl")
    assert first == Read(
        "1",
        "Correct the spelling.\n\nThe dog runz.",
        {"small-7b": "The dog runs.", "tiny-1b": "The dog run."},
        [],
    )
    assert second == Read(
        "3",
        "Correct the spelling.\n\nA cat sleeeps.",
        {"small-7b": "A cat sleeps.", "tiny-1b": "A cat sleep."},
        [],
    )


def test_alpaca_farm_and_alpaca_eval_are_joined() -> None:
    (joined,) = read_case("02a-alpacafarm-outputs.json", "02b-alpacaeval-outputs.json")
    assert joined.prompt == "Correct the spelling.\n\nThe dog runz."
    assert joined.answers == {"small-7b": "The dog runs.", "tiny-1b": "The dog run."}


def test_dialogues_with_different_questions_are_refused_by_their_line() -> None:
    (said,) = refusals("04-human-assistant-one-newline.jsonl")
    assert said.startswith(":1: `chosen` and `rejected` ask different questions")


def test_tool_calls_are_part_of_the_answer() -> None:
    (both,) = read_case("05-tool-calls.jsonl")
    assert both.answers == {
        "chosen": 'I look it up.\n\nTool call: weather({"city": "Oslo"})',
        "rejected": 'I look it up.\n\nTool call: weather({"city": "Rome"})',
    }
    (one,) = read_case("05b-tool-calls-null-content.jsonl", empty=Empty.DROP)
    assert one.answers == {
        "chosen": 'Tool call: weather({"city": "Oslo"})',
        "rejected": "It rains.",
    }
    assert both.preferred == one.preferred == ["chosen"]


@pytest.mark.parametrize("mapped", [(), ("response_a=conversation_a", "response_b=conversation_b")])
def test_mt_bench_human_rows_are_named_by_line_and_cut_at_their_turn(
    mapped: tuple[str, ...],
) -> None:
    one, two, three = read_case("16-mtbench-human.jsonl", mapped=mapped, ids=Ids.LINE)
    assert one == Read(
        "1", FRUIT, {"a": "A carrot, says small-7b.", "b": "An apple, says tiny-1b."}, ["b"]
    )
    assert two == Read(
        "2",
        FRUIT,
        {
            "a": "Assistant: A carrot, says small-7b.\n\nUser: Another one.\n\nAssistant: A pear.",
            "b": "Assistant: An apple, says tiny-1b.\n\nUser: Another one.\n\nAssistant: A plum.",
        },
        ["tie"],
    )
    assert three == Read(
        "3", FRUIT, {"a": "A carrot, says small-7b.", "b": "An apple, says mid-3b."}, ["a"]
    )


def test_arena_hard_answers_are_joined_by_their_question() -> None:
    names = ("17-arena-hard-small-7b.jsonl", "17-arena-hard-tiny-1b.jsonl")
    answers = {"small-7b": "A pear.", "tiny-1b": "A leek."}
    assert read_case(*names) == [
        Read("u1", FRUIT, answers, []),
        Read("u2", "Name two.", answers, []),
    ]


def test_one_model_s_file_alone_asks_for_the_others() -> None:
    said = refusals("17-arena-hard-small-7b.jsonl")
    reason = "`prompt` has 1 answer; a ranking needs at least 2"
    assert said == [f":{n}: {reason}; submit the files of all models together" for n in (1, 2)]


def test_numbers_as_labels_are_read_as_the_user_says() -> None:
    (said,) = refusals("19a-labels-1-2.jsonl")
    assert "`label` is the number 1; say what numbers mean: labels='1-2'" in said
    expected = {"1-2": "a", "1-0": "a", "0-1": "b", "minus-plus": "b", "plus-minus": "a"}
    for numbers, preferred in expected.items():
        (read,) = read_case("19a-labels-1-2.jsonl", labels=LabelNumbers(numbers))
        assert read == Read("1", FRUIT, PEAR, [preferred])


def test_labels_in_signs_and_in_the_arena_s_words() -> None:
    signs, words = read_case("19b-labels-a-b.jsonl"), read_case("19c-labels-arena.jsonl")
    assert [read.preferred for read in signs] == [["a"], ["a"], ["tie"], ["b"]]
    assert [read.preferred for read in words] == [["tie"], ["tie"], ["a"]]
    assert all((read.prompt, read.answers) == (FRUIT, PEAR) for read in signs + words)


@pytest.mark.parametrize("name", ["20-sharegpt-preference.jsonl", "20b-message-not-in-list.jsonl"])
def test_a_message_may_stand_without_a_list_and_as_sharegpt_writes_it(name: str) -> None:
    answers = {"chosen": "A pear.", "rejected": "A carrot."}
    assert read_case(name) == [Read("1", FRUIT, answers, ["chosen"])]


def test_an_object_around_all_rows_names_the_column_of_its_prompts() -> None:
    (said,) = refusals("21-pretty-object.json")
    assert "no known format has the keys `id`, `input`, `response`" in said
    assert "mapping='prompt=input'" in said
    twice = ("21-pretty-object.json", "21-pretty-object.json")
    read = read_case(*twice, mapped=("prompt=input",))
    assert [(one.key, one.prompt) for one in read] == [("q1", FRUIT), ("q2", "Name a tree.")]


@pytest.mark.parametrize("mapped", [(), ("generations=output",)])
def test_several_texts_as_one_output_are_several_answers(mapped: tuple[str, ...]) -> None:
    read = read_case("22-output-list.json", mapped=mapped)
    assert read == [Read("1", FRUIT, {"0": "A pear.", "1": "A leek."}, [])]


def test_candidates_may_be_messages() -> None:
    read = read_case("28-chat-dict-candidates.jsonl")
    assert read == [Read("1", FRUIT, {"0": "A pear.", "1": "A leek."}, [])]


def test_utf_16_is_read() -> None:
    answers = {"chosen": "groß", "rejected": "klein"}
    assert read_case("32-utf16.csv") == [Read("2", "Größe?", answers, ["chosen"])]


def test_a_null_answer_names_the_option_that_leaves_it_out() -> None:
    (said,) = refusals("36-null-answers.jsonl")
    assert said.startswith(":1: `generations[1]` is null; empty='drop' leaves it out")
    read = read_case("36-null-answers.jsonl", empty=Empty.DROP)
    assert read == [Read("1", FRUIT, {"a": "A pear.", "c": "A carrot."}, [])]


def test_what_could_be_read_before_is_read_as_before() -> None:
    hh = read_case("passes/01-hh-dialogues.jsonl", empty=Empty.KEEP)
    assert [one.answers for one in hh] == [
        {"chosen": " The pear.", "rejected": " The leek."},
        {"chosen": " Yo.", "rejected": " Yo.\n\nHuman: More.\n\nAssistant: Yes."},
        {"chosen": " ", "rejected": " An oak."},
    ]
    models = ("mid-3b", "small-7b", "tiny-1b")
    outputs = read_case(*(f"passes/02-alpaca-eval-{model}.json" for model in models))
    assert outputs == [
        Read(f"1:{line}", prompt, {model: f"{prompt} says {model}" for model in models}, [])
        for line, prompt in enumerate([FRUIT, "Name a tree."], start=1)
    ]
    (rm_bench,) = read_case("passes/03-rm-bench.json")
    assert len(rm_bench.preferred) == 9
    assert all(name is not None and name.startswith("chosen") for name in rm_bench.preferred)
    arena = ("response_a=conversation_a", "response_b=conversation_b")
    assert read_case("passes/04-arena-conversations.jsonl", mapped=arena) == [
        Read("q1", FRUIT, {"a": "A carrot.", "b": "An apple."}, ["b"]),
        Read("q2", "Name a tree.", {"a": "A rose.", "b": "Grass."}, ["tie"]),
    ]
    assert read_case("passes/05-ultrafeedback-binarized.jsonl") == [
        Read("abc", FRUIT, {"chosen": "A pear.", "rejected": "A carrot."}, ["chosen"])
    ]
    assert read_case("passes/06-line-separators.jsonl") == [
        Read("1", "a\u2028b", {"0": "x\u2028y", "1": "y\x85z"}, [])
    ]
    assert read_case("passes/07-bom-crlf.jsonl") == [
        Read("1", "Größe? 你好", {"0": "梨 (なし)", "1": "تفاحة"}, [])
    ]
    assert read_case("passes/08-crlf-in-cells.csv") == [
        Read("2", "def f():\r\n  pass", {"chosen": "x\r\ny", "rejected": 'z "q" w'}, ["chosen"])
    ]
    (tokens,) = read_case("passes/09-control-tokens.jsonl")
    assert tokens.prompt.startswith("<|begin_of_text|>")
    (dialogue,) = read_case("passes/10-multi-turn.jsonl")
    turns = "System: Be terse.\n\nUser: Name a fruit.\n\nAssistant: Apple.\n\nUser: Another."
    assert dialogue == Read("1", turns, {"0": "A pear.", "1": "A carrot."}, [])


def test_judgebench_in_letters_with_and_without_its_mapping() -> None:
    mapped = (
        "prompt=question",
        "response_a=response_A",
        "response_b=response_B",
        "id=pair_id",
        "subset=source",
    )
    expected = [
        Read("p1", "2+2?", {"a": "4", "b": "5"}, ["a"]),
        Read("p2", "3+3?", {"a": "5", "b": "6"}, ["b"]),
    ]
    assert read_case("passes/11-judgebench-converted.jsonl", mapped=mapped) == expected
    assert read_case("passes/11-judgebench-converted.jsonl") == expected


@pytest.mark.parametrize("name", ["06-reference-expressions.jsonl", "07-same-answers.jsonl"])
def test_files_for_other_parts_of_the_program_are_read(name: str) -> None:
    assert len(read_case(name)) in (1, 8)
