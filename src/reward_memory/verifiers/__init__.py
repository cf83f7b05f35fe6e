"""Verifiers: whether a response is right, and why that is so."""

from .grader import Grader
from .verdicts import GroundTruth, Verdict

__all__ = ["Grader", "GroundTruth", "Verdict"]
