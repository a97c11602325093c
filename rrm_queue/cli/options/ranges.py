"""Numbers with limits, called what a reader calls them: click says "integer range"."""

import click


class WholeNumbers(click.IntRange):
    """Whole numbers within limits."""

    name = "whole number"


class Numbers(click.FloatRange):
    """Numbers within limits."""

    name = "number"
