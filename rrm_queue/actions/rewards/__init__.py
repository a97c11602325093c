"""Rewards for groups of answers, asked for by many callers at the same time; see `service`."""
