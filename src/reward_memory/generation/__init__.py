"""Sampling responses from a policy: one interface, one engine a back end."""
