"""The exit codes of the command, each stated once; docs/cli.md lists them."""

OK = 0
ERROR = 1
USAGE = 2
JOB_FAILED = 3
"""The job has ended with failures, or was paused because it cannot go on."""

STOPPED = 4
"""`rrmq down` stopped the local stack while a job was watched."""

INTERRUPTED = 130
"""Ctrl-C: what the shell reports for a process that SIGINT ended."""
