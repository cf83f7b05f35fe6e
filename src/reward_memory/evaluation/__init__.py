"""Grading a policy on test queries, and what its grades are worth."""
