"""Sampling responses from a policy: one interface, one engine a back end."""

from .engine import Sampling, load, sample_responses

__all__ = ["Sampling", "load", "sample_responses"]
