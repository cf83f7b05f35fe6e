"""What a configuration costs: estimated from its jobs before a run, beside what was measured afterwards."""

from .jobs import Job, configured, dry_run, matrix, named
from .model import Model, Work
from .table import COLUMNS, cost_table

__all__ = ["COLUMNS", "Job", "Model", "Work", "configured", "cost_table", "dry_run", "matrix", "named"]
