"""rrmq ranks language-model answers with a judge that reads two at a time."""

__version__ = "0.1.0"
