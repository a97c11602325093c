"""What a judge's text says, read as this judge says its verdict."""

from rrm_queue.domain import JudgeSpec
from rrm_queue.judging.dialects import ParsedVerdict, read_verdict
from rrm_queue.judging.kinds import dialect_of


def verdict_of(judge: JudgeSpec, text: str, *, finished: bool, thinks: bool) -> ParsedVerdict:
    """The verdict in the judge's text, `first` being the answer that was shown first.

    `finished` is False when the judge was cut off by its budget. `thinks` is whether it always
    reasons first where the judge itself does not say; see `dialects.read_verdict`.
    """
    return read_verdict(
        text,
        finished=finished,
        thinks=thinks if judge.thinks is None else judge.thinks,
        dialect=dialect_of(judge),
    )
