"""From graded responses to tables, figures and pages."""
