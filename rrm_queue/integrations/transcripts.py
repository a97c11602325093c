"""The answer in a text that holds the prompt as well, as a trainer decodes it from tokens."""

from rrm_queue.errors import UsageFault
from rrm_queue.intake.formats.dialogues import without_end


def answer_in(query: str, prompt: str) -> str:
    """What follows the prompt in `query`, without the tokens that end a turn.

    A tokenizer may put a token before the prompt. Raises UsageFault when the prompt is not there.
    """
    _, found, answer = query.partition(prompt)
    if not found:
        raise UsageFault("the query does not hold its prompt: was it cut to fit the model?")
    return without_end(answer)
