"""The flags of a launched SGLang: those that suit judging, and what a user may add."""

from collections.abc import Sequence

from rrm_queue.errors import UsageFault

KEEPS_CACHE = ("fa3", "fa4", "triton")
"""Attention backends whose deterministic inference keeps the radix cache.

With any other one SGLang 0.5.15 to 0.5.23 turns the cache off, so no prompt would be shared.
"""

_OURS = {"--host", "--port", "--model-path", "--model"}
_BACKENDS = ("--attention-backend", "--prefill-attention-backend", "--decode-attention-backend")


def judging_flags(extra: Sequence[str], *, deterministic: bool = False) -> list[str]:
    """SGLang's flags for judging; those in `extra` come last and override.

    The cache report says how much of a prompt was shared; `lpm` takes what shares most first.
    Raises UsageFault for a flag that the worker sets, or that does not go with `deterministic`.
    """
    for flag, _ in _pairs(extra):
        if flag in _OURS:
            raise UsageFault(f"--engine-args: {flag} is set by the worker")
    judging = ["--enable-cache-report", "--enable-metrics", "--schedule-policy", "lpm"]
    return [*judging, *(_deterministic_flags(extra) if deterministic else []), *extra]


def _deterministic_flags(extra: Sequence[str]) -> list[str]:
    """Triton's attention, which runs on every GPU, unless `extra` names another backend."""
    named = dict(_pairs(extra))
    if named.get("--device") == "cpu":
        raise UsageFault(
            "--deterministic needs a GPU: SGLang's deterministic kernels do not run on a CPU"
        )
    backends = [named[flag] for flag in _BACKENDS if flag in named]
    for backend in backends:
        if backend not in KEEPS_CACHE:
            raise UsageFault(
                f"--deterministic: with attention backend {backend!r} SGLang shares no prompts; "
                f"name one of {', '.join(KEEPS_CACHE)} in --engine-args, or none"
            )
    return [
        "--enable-deterministic-inference",
        *([] if backends else ["--attention-backend", KEEPS_CACHE[-1]]),
    ]


def _pairs(flags: Sequence[str]) -> list[tuple[str, str]]:
    """Each flag with its value, which follows it or an equals sign; empty for a switch."""
    found = []
    for flag, after in zip(flags, [*flags[1:], "--"], strict=False):
        name, equals, value = flag.partition("=")
        if not equals and not after.startswith("--"):
            value = after
        if name.startswith("--"):
            found.append((name, value))
    return found
