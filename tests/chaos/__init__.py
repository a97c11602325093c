"""The chaos run: a job on the real stack while a seeded hand breaks it, then the store audited.

`python -m chaos --seed 1 --minutes 10 --kills 100` with this folder's parent on PYTHONPATH.
"""
