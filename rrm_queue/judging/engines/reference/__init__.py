"""The judge that compares final answers with a reference."""
