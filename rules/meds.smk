# Tables and figures of MEDS.
EVALUATED = {name: ORIGINS[name] for name in tested_benchmarks("meds")}

MEDS_RUN = "<results>/training/{suite}/{policy}/{method}/ratio{ratio}/seed{seed}"


rule count_errors:
    "Count a training run's repeated errors, cluster sizes of failures, and distinct wrong answers."
    input:
        queries=lambda wc: expand(
            "<results>/data/{name}/train.parquet", name=members(wc.suite)
        ),
        responses=f"{MEDS_RUN}/responses.parquet",
    output:
        repeats=f"{MEDS_RUN}/repeats.parquet",
        sizes=f"{MEDS_RUN}/cluster_sizes.csv",
        spread=f"{MEDS_RUN}/error_spread.parquet",
    log:
        "<logs>/count_errors/{suite}.{policy}.{method}.{ratio}.{seed}.log",
    benchmark:
        "<usage>/count_errors/{suite}.{policy}.{method}.{ratio}.{seed}.jsonl"
    threads: 1
    resources:
        # reads all sampled texts
        mem_mb=lambda wc, input, attempt: (1_000 + 20 * int(input.size_mb)) * attempt,
        runtime=times_attempt(120),
    params:
        predicted_rewards=lambda wc: plain(
            suites.predicted_rewards(CONFIG, wc.suite, wc.method)
        ),
        code=code_hash(
            "count_errors",
            "training/objectives/predicted.py",
            "evaluation/cluster_sizes.py",
            "evaluation/diversity.py",
            "evaluation/error_spread.py",
            "evaluation/pass_at_k.py",
            "evaluation/statistics.py",
            "reward_models/features",
            "answers",
            "training/responses.py",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/count_errors.py"


rule meds_main_table:
    "pass@k, diversity and training cost of the second paper's methods, with intervals and published figures."
    input:
        grades=lambda wc: meds_files(MEDS_GRADES, "meds_main"),
        histories=lambda wc: meds_files(f"{MEDS_RUN}/history.csv", "meds_main"),
        published=PUBLISHED,
    output:
        "<results>/tables/meds_main.csv",
    log:
        "<logs>/meds_main_table.log",
    benchmark:
        "<usage>/meds_main_table.jsonl"
    threads: 1
    resources:
        mem_mb=times_attempt(4_000),
        runtime=times_attempt(30),
    params:
        policies=suites.policies(CONFIG, "meds"),
        arms=lambda wc: meds_arms("meds_main"),
        sources=EVALUATED,
        domains={name: suites.domain(CONFIG, name) for name in EVALUATED},
        trained_on=" and ".join(
            sorted(
                {
                    ORIGINS[name]
                    for name in members("meds")
                    if CONFIG.benchmarks[name].train != 0
                }
            )
        ),
        code=code_hash(
            "meds_main_table",
            "report/tables",
            "report/paper_results.py",
            "evaluation/diversity.py",
            "evaluation/pass_at_k.py",
            "evaluation/statistics.py",
            "data/registry.py",
            "reward_models/features",
            "answers",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/meds_main_table.py"


rule meds_ablation_table:
    "pass@k and repeated errors of the error memory's variants, compared with dapo."
    input:
        grades=lambda wc: meds_files(MEDS_GRADES, "meds_ablation"),
        repeats=lambda wc: meds_files(
            rules.count_errors.output.repeats, "meds_ablation"
        ),
        published=PUBLISHED,
    output:
        "<results>/tables/meds_ablation.csv",
    log:
        "<logs>/meds_ablation_table.log",
    benchmark:
        "<usage>/meds_ablation_table.jsonl"
    threads: 1
    resources:
        mem_mb=times_attempt(4_000),
        runtime=times_attempt(30),
    params:
        policies=suites.policies(CONFIG, "meds"),
        arms=lambda wc: meds_arms("meds_ablation"),
        sources=EVALUATED,
        baseline=arms.MEDS_BASELINE,
        known_as=lambda wc: {
            method: arms.published_meds(method)
            for method in meds_methods("meds_ablation")
        },
        code=code_hash(
            "meds_ablation_table",
            "report/tables",
            "report/paper_results.py",
            "evaluation/diversity.py",
            "evaluation/pass_at_k.py",
            "evaluation/statistics.py",
            "data/registry.py",
            "reward_models/features",
            "answers",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/meds_ablation_table.py"


rule repeated_errors_table:
    "Share of repeated errors of each method, over training and at every step."
    input:
        repeats=lambda wc: meds_files(
            rules.count_errors.output.repeats, "repeated_errors"
        ),
    output:
        "<results>/tables/repeated_errors.csv",
    log:
        "<logs>/repeated_errors_table.log",
    benchmark:
        "<usage>/repeated_errors_table.jsonl"
    threads: 1
    resources:
        mem_mb=times_attempt(4_000),
        runtime=times_attempt(60),
    params:
        policies=suites.policies(CONFIG, "meds"),
        arms=lambda wc: meds_arms("repeated_errors"),
        baseline=arms.MEDS_BASELINE,
        code=code_hash(
            "repeated_errors_table",
            "report/tables",
            "report/paper_results.py",
            "evaluation/diversity.py",
            "evaluation/pass_at_k.py",
            "evaluation/statistics.py",
            "evaluation/cluster_sizes.py",
            "data/registry.py",
            "reward_models/features",
            "answers",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/repeated_errors_table.py"


rule error_spread_table:
    "Spread of each method's errors over different wrong answers, at every visit of a query."
    input:
        spreads=lambda wc: meds_files(rules.count_errors.output.spread, "error_spread"),
    output:
        "<results>/tables/error_spread.csv",
    log:
        "<logs>/error_spread_table.log",
    benchmark:
        "<usage>/error_spread_table.jsonl"
    threads: 1
    resources:
        mem_mb=times_attempt(4_000),
        runtime=times_attempt(60),
    params:
        policies=suites.policies(CONFIG, "meds"),
        arms=lambda wc: meds_arms("error_spread"),
        baseline=arms.MEDS_BASELINE,
        code=code_hash(
            "error_spread_table",
            "report/tables",
            "report/paper_results.py",
            "evaluation/diversity.py",
            "evaluation/error_spread.py",
            "evaluation/pass_at_k.py",
            "evaluation/statistics.py",
            "evaluation/cluster_sizes.py",
            "data/registry.py",
            "reward_models/features",
            "answers",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/error_spread_table.py"


rule cluster_sizes_table:
    "Cluster sizes of failures, at every step of the methods with an error memory."
    input:
        sizes=lambda wc: meds_files(rules.count_errors.output.sizes, "cluster_sizes"),
    output:
        "<results>/tables/cluster_sizes.csv",
    log:
        "<logs>/cluster_sizes_table.log",
    benchmark:
        "<usage>/cluster_sizes_table.jsonl"
    threads: 1
    resources:
        mem_mb=times_attempt(2_000),
        runtime=times_attempt(20),
    params:
        policies=suites.policies(CONFIG, "meds"),
        arms=lambda wc: meds_arms("cluster_sizes"),
        code=code_hash(
            "cluster_sizes_table",
            "report/tables",
            "report/paper_results.py",
            "evaluation/diversity.py",
            "evaluation/pass_at_k.py",
            "evaluation/statistics.py",
            "evaluation/cluster_sizes.py",
            "data/registry.py",
            "reward_models/features",
            "answers",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/cluster_sizes_table.py"
