"""Judging: from a pair of answers to votes, and from votes to an outcome."""
