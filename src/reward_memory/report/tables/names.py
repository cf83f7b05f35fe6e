"""Names of rows that are about several benchmarks, apart from the tables: who only draws need not depend on more."""

WEIGHTED, MACRO = "average (sample-weighted)", "average (macro)"
#: All domains or benchmarks together.
OVERALL = "overall"
