"""Names of rows that are about several benchmarks, in their own module so that figures need not import the tables."""

WEIGHTED, MACRO = "average (sample-weighted)", "average (macro)"
#: All domains or benchmarks together.
OVERALL = "overall"
