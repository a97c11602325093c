"""A trainer's call for rewards becomes one of `rrmq serve`; a module for each trainer.

The modules need only rrmq where the trainer runs, and import no trainer. `docs/how-to/trainers.md`
has the lines to type for each.
"""
