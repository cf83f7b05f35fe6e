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


rule reward_models_table:
    "Every reward model on the queries whose labels it did not see."
    input:
        predictions=[
            f"<results>/predictions/{policy}/{predictor}/ratio{ratio}/seed{seed}.parquet"
            for policy in config["policies"]
            for predictor in config["predictors"]
            for ratio in config["label_ratios"]
            for seed in config["seeds"]
        ],
        published=rules.accuracy_table.input.published,
    output:
        report(
            "<results>/tables/reward_models.csv",
            caption="../report/reward_models_table.rst",
            category="Reward models",
        ),
    log:
        "<logs>/reward_models_table.log",
    benchmark:
        "<usage>/reward_models_table.jsonl"
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=4_000,
        runtime="30m",
    params:
        policies=list(config["policies"]),
        predictors=config["predictors"],
        ratios=config["label_ratios"],
        seeds=config["seeds"],
        src=sources("reward_models_table"),
        state=f"{RESULTS}/state",
    script:
        "../scripts/reward_models_table.py"


rule reward_models_figure:
    "The reward models side by side, with intervals."
    input:
        rules.reward_models_table.output,
    output:
        report(
            "<results>/figures/reward_models.svg",
            caption="../report/reward_models_figure.rst",
            category="Reward models",
        ),
    log:
        "<logs>/reward_models_figure.log",
    benchmark:
        "<usage>/reward_models_figure.jsonl"
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=2_000,
        runtime="20m",
    params:
        src=sources("reward_models_figure"),
        state=f"{RESULTS}/state",
    script:
        "../scripts/reward_models_figure.py"
