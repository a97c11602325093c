"""The command `rrmq`: one file a verb, and the composition of everything else."""
