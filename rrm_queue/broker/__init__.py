"""The broker: Celery on Redis or Valkey, and the leases beside it.

Celery on Redis both loses and repeats messages. Nothing here is the truth: whatever is lost is
found by the coordinator's `recover`, whatever is repeated is absorbed by the store.
"""
