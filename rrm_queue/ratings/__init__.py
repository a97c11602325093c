"""The ratings: Elo, Bradley-Terry and the standings made of them, over Evalica."""

from rrm_queue.ratings.standings import standings

__all__ = ["standings"]
