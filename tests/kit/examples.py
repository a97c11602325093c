"""How many examples a property is tried on."""

from hypothesis import settings


def examples(share: float) -> settings:
    """A share of the profile's examples, for a property whose examples are costly (or cheap)."""
    return settings(max_examples=max(1, round(share * settings().max_examples)))
