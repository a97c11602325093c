"""Options that several verbs share, and their completion."""
