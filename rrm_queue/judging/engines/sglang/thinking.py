"""Whether a judge on SGLang reasons first, so that a text without the end of that has no answer."""

from rrm_queue.domain import JudgeSpec
from rrm_queue.judging.dialects import END_OF_THINKING
from rrm_queue.judging.kinds import kind_of


def thinks(judge: JudgeSpec, *, opened: bool) -> bool:
    """Whether the judge always reasons before a mark, where the judge itself does not say.

    RRM does. A regex decides by the mark. Of other models the chat template decides: `opened` when
    it begins the answer inside the reasoning, as that of DeepSeek-R1 does. A text of any other
    model is read as a whole when it ended by itself and has no mark of reasoning.
    """
    if judge.regex is not None:
        return END_OF_THINKING in judge.regex.replace("\\", "")
    return judge.argument in kind_of(judge).short_names or opened
