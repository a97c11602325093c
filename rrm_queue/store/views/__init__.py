"""What faces read: jobs, results, votes, exports, diagnostics."""
