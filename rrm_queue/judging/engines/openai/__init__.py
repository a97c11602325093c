"""Judges at OpenAI-compatible endpoints."""
