"""The judge that replays recorded verdicts."""
