"""The ratings: Elo, Bradley-Terry and the standings made of them, over Evalica."""

from rrm_queue.ratings.leaderboard import Leaderboard, LeaderboardRow, Method, leaderboard
from rrm_queue.ratings.standings import standings
from rrm_queue.ratings.table import Rating, rating_table

__all__ = [
    "Leaderboard",
    "LeaderboardRow",
    "Method",
    "Rating",
    "leaderboard",
    "rating_table",
    "standings",
]
