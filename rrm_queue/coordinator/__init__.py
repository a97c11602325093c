"""The coordinator: plans tournaments, dispatches batches, records outcomes, recovers what is lost.

One file a duty; what they decide by themselves is in `rules`. Several coordinators at once share
the work through the store's row locks.
"""
