"""Everything that a user can do, for every face; no click, rich or HTTP."""
