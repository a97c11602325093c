"""How much of a file each tournament may fill, so that the file does not grow with its job."""

ANSWERS = 0.6
"""The share of a tournament's budget that its answers may take; the rest is kept for its votes."""


class SizeBudget:
    """`total` bytes for so many `tournaments`; each gets an equal part of what is left."""

    def __init__(self, total: int, tournaments: int) -> None:
        self._left = total
        self._coming = tournaments
        self._share = self._kept = 0

    def open(self) -> None:
        """Begins the next tournament; it may use what the ones before it left over."""
        self._share = self._left // max(1, self._coming)
        self._kept = int((1 - ANSWERS) * self._share)
        self._coming -= 1

    def spend(self, size: int, *, answer: bool = False) -> bool:
        """Takes `size` bytes of the tournament's share; False, and nothing taken, if too many."""
        if size > self._share - (self._kept if answer else 0):
            return False
        self._share -= size
        self._left -= size
        return True
