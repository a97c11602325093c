"""Judges on an SGLang server."""
