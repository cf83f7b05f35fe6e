"""The tables, made of graded responses."""
