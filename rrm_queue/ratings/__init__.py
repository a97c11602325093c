"""The ratings: Elo, Bradley-Terry and the standings made of them; Evalica for what is large."""
