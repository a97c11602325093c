"""The diagnostics: how far a judge can be trusted, from its votes, its matches and labels."""
