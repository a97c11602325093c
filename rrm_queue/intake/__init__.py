"""Intake: a user's file becomes tournaments, and these go into the store whole or not at all."""
