# Recipes for daily work: `just` lists them. It comes with `pip install -e '.[test]'`.
_default:
    @just --list

# Tests that take seconds each
test-fast:
    pytest -n 2 -m "not slow"

# All but those that take minutes each or need finished trainings
test:
    pytest -n 2

# All tests: an hour
test-all:
    pytest -n 2 --all

# Style, layers, dependencies, types and the workflow's rules; .ci/run calls this
lint:
    ruff check .
    ruff format --check .
    snakefmt --check Snakefile rules
    lint-imports
    deptry .
    pyright
    snakemake --lint

# Main table and figure of config.yaml (about 10 minutes on two cores)
figures:
    snakemake --cores all results/figures/main.svg
