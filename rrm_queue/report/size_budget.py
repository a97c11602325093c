"""How much of a file each tournament may fill, so that the file does not grow with its job."""

ANSWERS = 0.6
"""The share of its purse that a tournament's answers may take: its votes are to have some too."""


class SizeBudget:
    """`total` bytes for `tournaments` of them: each gets an equal part of what is left."""

    def __init__(self, total: int, tournaments: int) -> None:
        self._left = total
        self._coming = tournaments
        self._share = self._kept = 0

    def open(self) -> None:
        """The next tournament begins; what those before it did not need is there for it too."""
        self._share = self._left // max(1, self._coming)
        self._kept = int((1 - ANSWERS) * self._share)
        self._coming -= 1

    def pay(self, size: int, *, answer: bool = False) -> bool:
        """Takes so many bytes of the tournament's share; False, and nothing taken, if too many."""
        if size > self._share - (self._kept if answer else 0):
            return False
        self._share -= size
        self._left -= size
        return True
