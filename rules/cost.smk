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
        # In `all` it comes last, so that all jobs are measured and hardly any replaces files during planning. As a
        # target of its own it uses the measurements that exist. Pages of responses are excluded: only people read them.
        lambda wc: (
            []
            if cost_jobs.is_target(workflow.dag_settings, "tables/cost.csv")
            else [
                path
                for path in tables() + figures() + pages()
                if path not in (COST, "<results>/pages/cost.html", *response_pages())
            ]
        ),
    output:
        report(
            COST,
            caption="../report/page.rst",
            category="Cost",
        ),
    log:
        "<logs>/cost_table.log",
    benchmark:
        "<usage>/cost_table.jsonl"
    # plans the workflow in a Snakemake process, which takes seconds
    localrule: True
    threads: 1
    resources:
        mem_mb=times_attempt(1_000),
        runtime=times_attempt(10),
        # limits of the profile; resources, because a change must not rebuild the table
        lent_gpu=LENT.get("gpu", NO_LIMIT),
        lent_mem_mb=LENT.get("mem_mb", NO_LIMIT),
        lent_cores=lambda wc: workflow.resource_settings.cores or NO_LIMIT,
    params:
        caption=caption("cost", "table"),
        snakefile=os.path.relpath(HERE / "Snakefile"),
        reference=os.path.relpath(HERE / "reference"),
        # without keys that change no job: `finished` and `loggers`
        config=suites.without_loggers(
            CONFIG.model_dump(by_alias=True, exclude={"finished"})
        )
        | {"results": RESULTS},
        measured=lambda wc: (
            sum(1 for _ in (Path(RESULTS) / "usage").glob("*/*.jsonl"))
            if cost_jobs.is_target(workflow.dag_settings, "tables/cost.csv")
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
