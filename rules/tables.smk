rule accuracy_table:
    "Accuracy of every arm on every benchmark, with intervals and published figures."
    input:
        grades=graded,
        # relative where it can be: a project that moves is not out of date
        published=os.path.relpath(
            Path(workflow.basedir) / "reference/published_results.csv"
        ),
    output:
        report(
            "<results>/tables/{table}.csv",
            caption="../report/accuracy_table.rst",
            category="Accuracy",
            labels={"table": "{table}"},
        ),
    log:
        "<logs>/accuracy_table/{table}.log",
    benchmark:
        "<usage>/accuracy_table/{table}.jsonl"
    wildcard_constraints:
        table="|".join(TABLES),
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=2_000,
        runtime="20m",
    params:
        policies=list(config["policies"]),
        arms=configuration.arms(config),
        seeds=config["seeds"],
        sources={
            name: benchmark["source"]
            for name, benchmark in config["benchmarks"].items()
        },
        src=sources("accuracy_table"),
        state=f"{RESULTS}/state",
    script:
        "../scripts/accuracy_table.py"


rule accuracy_figure:
    "The arms side by side, with intervals."
    input:
        "<results>/tables/{table}.csv",
    output:
        report(
            "<results>/figures/{table}.svg",
            caption="../report/accuracy_figure.rst",
            category="Accuracy",
            labels={"figure": "{table}"},
        ),
    log:
        "<logs>/accuracy_figure/{table}.log",
    benchmark:
        "<usage>/accuracy_figure/{table}.jsonl"
    wildcard_constraints:
        table="|".join(TABLES),
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=2_000,
        runtime="20m",
    params:
        src=sources("accuracy_figure"),
        state=f"{RESULTS}/state",
    script:
        "../scripts/accuracy_figure.py"
