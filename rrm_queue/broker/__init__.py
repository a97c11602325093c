"""The broker: Celery on Redis or Valkey, and the leases beside it.

Celery on Redis both loses and repeats messages. The store is the source of truth: the coordinator's
`recover` finds lost messages, and the store absorbs repeated ones.
"""
