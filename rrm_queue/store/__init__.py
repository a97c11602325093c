"""The results store: the only room that talks SQL.

Tables are SQLModel classes (`tables`), their history is Alembic's (`migrations`). Statements that
matter are named constants beside the function that runs them, one module a duty. Every function
takes the connection of the caller's transaction.
"""
