"""The worker: takes batches from one broker, judges them, sends outcomes back."""
