# Source of each benchmark's queries.
ORIGINS = {name: benchmark.source for name, benchmark in CONFIG.benchmarks.items()}
# relative if possible, so that moving the project reruns nothing
PUBLISHED = os.path.relpath(HERE / "reference/published_results.csv")
PREDICTIONS = [
    f"<results>/predictions/main/{policy}/{predictor}/ratio{ratio}/seed{seed}.parquet"
    for policy in suites.policies(CONFIG)
    for predictor in (CONFIG.predictors or [])
    for ratio in suites.measured_ratios(CONFIG)
    for seed in suites.seeds(CONFIG)
]


rule accuracy_table:
    "Accuracy of every method on every benchmark, with intervals and published figures."
    input:
        grades=lambda wc: graded_files(wc.table),
        published=PUBLISHED,
    output:
        "<results>/tables/{table}.csv",
    log:
        "<logs>/accuracy_table/{table}.log",
    benchmark:
        "<usage>/accuracy_table/{table}.jsonl"
    wildcard_constraints:
        table="|".join(
            map(re.escape, [*arms.accuracy_tables(CONFIG), "transfer", "label_ratio"])
        ),
    threads: 1
    resources:
        mem_mb=times_attempt(2_000),
        runtime=times_attempt(20),
    params:
        policies=lambda wc: suites.policies(
            CONFIG, wc.table if wc.table in SUITES else "main"
        ),
        arms=lambda wc: arms_of(wc.table),
        sources=ORIGINS,
        expected={
            name: policy.expected
            for name, policy in CONFIG.policies.items()
            if policy.expected is not None
        },
        code=code_hash(
            "accuracy_table",
            "report/tables",
            "report/paper_results.py",
            "evaluation/statistics.py",
            "data/registry.py",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/accuracy_table.py"


rule labels_spent_table:
    "Number of labels that each method used, next to its average accuracy."
    input:
        accuracies="<results>/tables/label_ratio.csv",
        labels=expand(
            "<results>/labels/main/ratio{ratio}{draw}.parquet",
            ratio=suites.label_ratios(CONFIG),
            # any draw will do: all have the same number
            draw=label_draw(suites.seeds(CONFIG)[0]),
        ),
        # only for `valid-selection`: the published code selects on the truths of valid queries
        valid=(
            expand("<results>/data/{name}/valid.parquet", name=members("main"))
            if selecting_on_valid()
            else []
        ),
    output:
        "<results>/tables/labels_spent.csv",
    log:
        "<logs>/labels_spent_table.log",
    benchmark:
        "<usage>/labels_spent_table.jsonl"
    threads: 1
    resources:
        mem_mb=times_attempt(2_000),
        runtime=times_attempt(20),
    params:
        selecting=selecting_on_valid(),
        code=code_hash("labels_spent_table", "report/tables"),
        state=f"{RESULTS}/state",
    script:
        "../scripts/labels_spent_table.py"


rule ablation_table:
    "Accuracy of memreward and its ablations in every domain, with intervals and published figures."
    input:
        grades=lambda wc: graded_files("ablation"),
        published=PUBLISHED,
    output:
        "<results>/tables/ablation.csv",
    log:
        "<logs>/ablation_table.log",
    benchmark:
        "<usage>/ablation_table.jsonl"
    threads: 1
    resources:
        mem_mb=times_attempt(2_000),
        runtime=times_attempt(20),
    params:
        policies=suites.policies(CONFIG),
        arms=lambda wc: arms_of("ablation"),
        sources=ORIGINS,
        domains={name: suites.domain(CONFIG, name) for name in CONFIG.benchmarks},
        known_as=lambda wc: {
            method: arms.published_ablation(CONFIG, method)
            for method, _ in arms_of("ablation")
        },
        code=code_hash(
            "ablation_table",
            "report/tables",
            "report/paper_results.py",
            "evaluation/statistics.py",
            "data/registry.py",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/ablation_table.py"


rule accuracy_delta_table:
    "Differences in accuracy between pairs of methods on every benchmark, with paired intervals."
    input:
        grades=lambda wc: graded_files("accuracy_delta"),
        published=PUBLISHED,
    output:
        "<results>/tables/accuracy_delta.csv",
    log:
        "<logs>/accuracy_delta_table.log",
    benchmark:
        "<usage>/accuracy_delta_table.jsonl"
    threads: 1
    resources:
        mem_mb=times_attempt(2_000),
        runtime=times_attempt(20),
    params:
        policies=suites.policies(CONFIG),
        arms=lambda wc: arms_of("accuracy_delta"),
        sources=ORIGINS,
        pairs=arms.pairs(CONFIG),
        code=code_hash(
            "accuracy_delta_table",
            "report/tables",
            "report/paper_results.py",
            "evaluation/statistics.py",
            "data/registry.py",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/accuracy_delta_table.py"


rule learning_curves_table:
    "Metrics over all training runs, and how often predicted rewards agreed with the truth."
    input:
        histories=lambda wc: training_files("history.csv"),
        agreements=lambda wc: training_files(
            "agreement.csv", {"predicted", *methods.VOTED}
        ),
    output:
        "<results>/tables/learning_curves.csv",
    log:
        "<logs>/learning_curves_table.log",
    benchmark:
        "<usage>/learning_curves_table.jsonl"
    threads: 1
    resources:
        mem_mb=times_attempt(2_000),
        runtime=times_attempt(20),
    params:
        code=code_hash(
            "learning_curves_table", "report/tables", "evaluation/statistics.py"
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/learning_curves_table.py"


rule checkpoints_table:
    "The checkpoint that each training run kept, and its accuracy on the validation queries."
    input:
        histories=lambda wc: training_files("history.csv"),
        manifests=lambda wc: training_files("manifest.json"),
    output:
        "<results>/tables/checkpoints.csv",
    log:
        "<logs>/checkpoints_table.log",
    benchmark:
        "<usage>/checkpoints_table.jsonl"
    threads: 1
    resources:
        mem_mb=times_attempt(2_000),
        runtime=times_attempt(20),
    params:
        code=code_hash("checkpoints_table", "report/tables", "evaluation/statistics.py"),
        state=f"{RESULTS}/state",
    script:
        "../scripts/checkpoints_table.py"


rule reward_models_table:
    "Quality of every reward model on queries whose labels it did not see."
    input:
        predictions=PREDICTIONS,
        published=PUBLISHED,
    output:
        "<results>/tables/reward_models.csv",
    log:
        "<logs>/reward_models_table.log",
    benchmark:
        "<usage>/reward_models_table.jsonl"
    threads: 1
    resources:
        mem_mb=times_attempt(4_000),
        runtime=times_attempt(30),
    params:
        policies=suites.policies(CONFIG),
        predictors=CONFIG.predictors or [],
        ratios=suites.measured_ratios(CONFIG),
        redrawn=CONFIG.data.redraw_labels,
        sources=ORIGINS,
        code=code_hash(
            "reward_models_table",
            "report/tables",
            "report/paper_results.py",
            "evaluation/reward_model_quality.py",
            "evaluation/statistics.py",
            "data/registry.py",
            "reward_models",
            "answers",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/reward_models_table.py"


rule reliability_table:
    "Calibration of every reward model (reliability diagram)."
    input:
        predictions=PREDICTIONS,
    output:
        "<results>/tables/reliability.csv",
    log:
        "<logs>/reliability_table.log",
    benchmark:
        "<usage>/reliability_table.jsonl"
    threads: 1
    resources:
        mem_mb=times_attempt(4_000),
        runtime=times_attempt(20),
    params:
        policies=suites.policies(CONFIG),
        predictors=CONFIG.predictors or [],
        ratios=suites.measured_ratios(CONFIG),
        redrawn=CONFIG.data.redraw_labels,
        code=code_hash(
            "reliability_table",
            "report/tables",
            "report/paper_results.py",
            "evaluation/calibration.py",
            "evaluation/reward_model_quality.py",
            "evaluation/statistics.py",
            "data/registry.py",
            "reward_models",
            "answers",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/reliability_table.py"


rule threshold_table:
    "Quality of predicted rewards over thresholds."
    input:
        predictions=PREDICTIONS,
    output:
        "<results>/tables/threshold.csv",
    log:
        "<logs>/threshold_table.log",
    benchmark:
        "<usage>/threshold_table.jsonl"
    threads: 1
    resources:
        mem_mb=times_attempt(4_000),
        runtime=times_attempt(30),
    params:
        policies=suites.policies(CONFIG),
        predictors=CONFIG.predictors or [],
        ratios=suites.measured_ratios(CONFIG),
        redrawn=CONFIG.data.redraw_labels,
        thresholds=lambda wc: suites.thresholds(CONFIG),
        code=code_hash(
            "threshold_table",
            "report/tables",
            "report/paper_results.py",
            "evaluation/reward_model_quality.py",
            "evaluation/statistics.py",
            "data/registry.py",
            "reward_models",
            "answers",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/threshold_table.py"


rule top_k_table:
    "Quality of reward models out of domain, by number of neighbors."
    input:
        lambda wc: top_k_files(),
    output:
        "<results>/tables/top_k.csv",
    log:
        "<logs>/top_k_table.log",
    benchmark:
        "<usage>/top_k_table.jsonl"
    threads: 1
    resources:
        mem_mb=times_attempt(4_000),
        runtime=times_attempt(30),
    params:
        code=code_hash(
            "top_k_table",
            "report/tables",
            "report/paper_results.py",
            "evaluation/reward_model_quality.py",
            "evaluation/statistics.py",
            "data/registry.py",
            "reward_models",
            "answers",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/top_k_table.py"


rule registered_table:
    "A registered table, from report/tables or an installed package (docs/extend.md)."
    input:
        results=lambda wc: results_of(wc.table),
    output:
        "<results>/tables/{table}.csv",
    log:
        "<logs>/registered_table/{table}.log",
    benchmark:
        "<usage>/registered_table/{table}.jsonl"
    wildcard_constraints:
        table="|".join(map(re.escape, TABLES.names)) or "(?!)",
    threads: 1
    resources:
        mem_mb=times_attempt(4_000),
        runtime=times_attempt(30),
    params:
        code=code_hash(
            "registered_table",
            "report/tables",
            "report/paper_results.py",
            "evaluation",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/registered_table.py"
