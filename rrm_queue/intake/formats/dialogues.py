r"""Finds the prompt at the beginning of texts that hold prompt and answer together.

Such texts are whole dialogues in the words of a chat template. The answers follow the last marker
of an assistant's turn that all texts share. Sources: Anthropic's HH-RLHF (`\n\nAssistant:`), and
the chat templates of ChatML, Llama 2 and Mistral, Llama 3 and 4, Gemma, Zephyr and Phi, DeepSeek,
Alpaca, Vicuna and OpenChat.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from rrm_queue.errors import Message, Option, Problem

_MARKER = re.compile(
    r"""
      (?P<spoken> (?:\A|\n) (?:Assistant|AI|Bot|Answer|A) : | (?:\A|\s|</s>) ASSISTANT :
        | GPT4\ Correct\ Assistant : )
    | <\|im_start\|> assistant
    | \[/INST\]
    | <\|(?:start_)?header(?:_id|_start)?\|> \s* assistant \s* <\|(?:end_)?header(?:_id|_end)?\|>
    | <start_of_turn> model
    | <\|assistant\|>
    | <[|\uff5c]Assistant[|\uff5c]>
    | <\|start_of_role\|> assistant <\|end_of_role\|>
    | <\|start\|> assistant (?:<\|channel\|> final)? <\|message\|>
    | <\|START_OF_TURN_TOKEN\|><\|CHATBOT_TOKEN\|>
    | (?:\A|\n) \#\#\# \s* (?:Response|Assistant|Output|Answer) [^\S\n]* :
    """,
    re.VERBOSE,
)
"""The beginning of an assistant's turn. What follows one that is `spoken` is kept as it is."""

_END = re.compile(
    r"(?:\s*(?:<\|im_end\|>|<\|eot_id\|>|<\|eot\|>|<\|end_of_text\|>|<\|endoftext\|>|<\|end\|>"
    r"|</s>|<eos>|<\|?end_of_turn\|?>|<\|END_OF_TURN_TOKEN\|>|<[|\uff5c]end\u2581of\u2581sentence[|\uff5c]>))+"
    r"\s*\Z"
)
"""The tokens that end a turn: they belong to the template, not to the answer."""

_WORD_AT_END = re.compile(r"\S+\Z")


class SharedPrompt(NamedTuple):
    """A prompt, and the answers that follow it in each text."""

    prompt: str
    answers: tuple[str, ...]


def shared_prompt(texts: Sequence[str], *, marked: bool) -> SharedPrompt | None:
    """The prompt that all texts begin with; None if there is none.

    `marked`: only a marker can end it; otherwise the first difference can. Raises Problem when the
    texts are dialogues with different questions.
    """
    shared = _beginning(texts)
    marker = _last(shared)
    if marker is not None:
        return SharedPrompt(shared[: marker.end()], tuple(_answer(t, marker) for t in texts))
    if all(_last(text) for text in texts):
        column = Option("mapping", "prompt=COLUMN")
        reason = (
            "`chosen` and `rejected` ask different questions; remove the row, or name the column"
        )
        raise Problem(Message(f"{reason} of its question with ", column))
    cut = 0 if marked else _cut(shared)
    return SharedPrompt(texts[0][:cut], tuple(text[cut:] for text in texts)) if cut else None


def answer_after(prompt: str, query: str) -> str | None:
    """The answer in a text that a trainer decoded from prompt and answer; None without the prompt.

    A tokenizer may put a token of its own before the prompt.
    """
    _, found, answer = query.partition(prompt)
    return without_end(answer) if found else None


def without_end(answer: str) -> str:
    """The answer without the tokens that end its turn."""
    return _END.sub("", answer)


def _last(text: str) -> re.Match[str] | None:
    """The last marker in the text."""
    last = None
    for last in _MARKER.finditer(text):  # noqa: B007  # the last one is wanted
        pass
    return last


def _answer(text: str, marker: re.Match[str]) -> str:
    said = text[marker.end() :]
    return without_end(said if marker["spoken"] else said.lstrip())


def _beginning(texts: Sequence[str]) -> str:
    """The beginning that all texts share."""
    for place, characters in enumerate(zip(*texts, strict=False)):
        if len(set(characters)) > 1:
            return texts[0][:place]
    return min(texts, key=len)


def _cut(shared: str) -> int:
    """Where texts without markers first differ, moved back over white space; 0 for no prompt.

    As TRL's `extract_prompt` does it, but never within a word.
    """
    cut = shared if not shared or shared[-1].isspace() else _WORD_AT_END.sub("", shared)
    return len(cut.rstrip())
