"""The judge of a stated accuracy, for planning and tests."""
