"""What engines found out about judges that a job's owner should know, such as a changed request."""

from rrm_queue.domain import JudgeSpec


class JudgeNotes:
    """One sentence for each judge at each address, the newest."""

    def __init__(self) -> None:
        self._notes: dict[tuple[str, str, str | None], str] = {}

    def say(self, judge: JudgeSpec, note: str) -> None:
        """Keeps the note in place of the one before."""
        self._notes[_place(judge)] = note

    def of(self, judge: JudgeSpec) -> str:
        """The judge's note; empty where there is none."""
        return self._notes.get(_place(judge), "")


def _place(judge: JudgeSpec) -> tuple[str, str, str | None]:
    return judge.kind, judge.argument, judge.base_url
