"""`rrmq worker` refuses what does not go together, before it starts anything."""

import pytest

from rrm_queue.cli.commands.worker import command
from rrm_queue.errors import UsageFault

MODEL = "Reward-Reasoning/RRM-7B"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--judge rrm-7b", "rrm-7b needs either --model or --sglang-url"),
        (f"--judge rrm-7b --model {MODEL} --sglang-url http://h:1", "either --model or"),
        (f"--judge reference --model {MODEL}", "reference needs no SGLang"),
        ("--sglang-url http://h:1", "needs no SGLang"),
        (f"--judge rrm-7b --judge replay --model {MODEL}", "serves no other judge"),
        ("--judge rrm-8b", "no worker serves 'rrm-8b'"),
        ("--judge sglang:", "no worker serves 'sglang:'"),
        ("--judge sglang:replay", "no worker serves"),
        ("--judge rrm-7b --sglang-url h:1", "'h:1' is no URL"),
        ("--judge rrm-7b --sglang-url http://h:1 --engine-args --x", "--engine-args"),
        (f"--judge rrm-7b --model {MODEL} --engine-args=--port=1", "--port is set by the worker"),
        (f"--judge rrm-7b --model {MODEL} --engine-args='", "No closing quotation"),
        (f"--judge rrm-7b --model {MODEL} --engine-log /none/x", "No such file"),
        ("--judge rrm-7b --sglang-url http://h:1 --deterministic", "--deterministic"),
        (
            f"--judge rrm-7b --model {MODEL} --deterministic --engine-args=--device=cpu",
            "--deterministic needs a GPU",
        ),
        (
            f"--judge rrm-7b --model {MODEL} --deterministic"
            " --engine-args=--attention-backend=flashinfer",
            "shares no prompts; name one of fa3, fa4, triton",
        ),
        (f"--judge rrm-7b --model {MODEL}", "pip install sglang"),
    ],
)
def test_what_does_not_go_together_is_a_usage_fault(arguments: str, words: str) -> None:
    with pytest.raises(UsageFault) as caught:
        command.main(arguments.split(" "), standalone_mode=False)
    assert words in caught.value.detail
