"""Verifiers: whether a response is correct, and why."""

from .grader import Grader
from .verdicts import GroundTruth, Verdict

__all__ = ["Grader", "GroundTruth", "Verdict"]
