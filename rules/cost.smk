# What the configuration costs, before it runs and afterwards: docs/cost.md.
from reward_memory.cost import jobs as cost_jobs

COST = "<results>/tables/cost.csv"
NO_LIMIT = 10**9
LENT = {
    name: resource.value
    for name, resource in workflow.resource_settings.resources.items()
}


rule cost_table:
    "Estimate GPU-hours, wall time, tokens and disk of every rule and method, next to what finished jobs took."
    input:
        # asked for by name it is made from what is there; in `all` it comes last: everything is measured by then, and
        # hardly a job replaces files while the plan is made. What people alone read stays so: pages of responses
        lambda wc: (
            []
            if cost_jobs.named(workflow.dag_settings, "tables/cost.csv")
            else [
                path
                for path in tables() + figures() + pages()
                if path not in (COST, "<results>/pages/cost.html", *response_pages())
            ]
        ),
    output:
        report(
            COST,
            caption="../report/cost_table.rst",
            category="Cost",
        ),
    log:
        "<logs>/cost_table.log",
    benchmark:
        "<usage>/cost_table.jsonl"
    # it asks Snakemake for the plan, and takes seconds
    localrule: True
    threads: 1
    resources:
        mem_mb=times_attempt(1_000),
        runtime=times_attempt(10),
        # what the profile lends, as resources because it is no reason to rebuild the table
        lent_gpu=LENT.get("gpu", NO_LIMIT),
        lent_mem_mb=LENT.get("mem_mb", NO_LIMIT),
        lent_cores=lambda wc: workflow.resource_settings.cores or NO_LIMIT,
    params:
        snakefile=os.path.relpath(HERE / "Snakefile"),
        reference=os.path.relpath(HERE / "reference"),
        # what is kept or rebuilt, or who gets the metrics, changes nothing about what there is to make
        config=suites.without_loggers(
            CONFIG.model_dump(by_alias=True, exclude={"finished"})
        )
        | {"results": RESULTS},
        measured=lambda wc: (
            sum(1 for _ in (Path(RESULTS) / "usage").glob("*/*.jsonl"))
            if cost_jobs.named(workflow.dag_settings, "tables/cost.csv")
            else None
        ),
        code=code_hash(
            "cost_table",
            "cost",
            "data/registry.py",
            "error_memory/penalties",
            "policies/bootstrap/shape.py",
            "policies/size.py",
            "reward_models/names.py",
            "training/__init__.py",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/cost_table.py"
