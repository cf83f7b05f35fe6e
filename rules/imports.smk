# Imported rollouts; included only if the configuration has `rollouts: import`.
IMPORTED = [
    f"{name}/{split}"
    for name in CONFIG.benchmarks
    for split in ("train", "valid", "test")
]


rule import_rollouts:
    "Read the user's file once and write queries, truths, responses and rewards to separate files."
    input:
        CONFIG.rollouts.import_,
    output:
        queries=expand("<results>/data/{part}.parquet", part=IMPORTED),
        truths=expand("<results>/data/{part}.truths.parquet", part=IMPORTED),
        responses=expand(
            "<results>/rollouts/{policy}/{part}.parquet",
            policy=CONFIG.policies,
            part=IMPORTED,
        ),
        rewards=expand(
            "<results>/rollouts/{policy}/{part}.rewards.parquet",
            policy=CONFIG.policies,
            part=IMPORTED,
        ),
        bad_rows="<results>/data/bad_rows.csv",
        usable_rows="<results>/data/usable_rows.csv",
    log:
        "<logs>/import_rollouts.log",
    benchmark:
        "<usage>/import_rollouts.jsonl"
    threads: 1
    resources:
        # all rows are in memory at once; compressed files expand
        mem_mb=lambda wc, input, attempt: (1_000 + 20 * int(input.size_mb)) * attempt,
        runtime=times_attempt(60),
    params:
        domains={name: suites.domain(CONFIG, name) for name in CONFIG.benchmarks},
        sizes={
            name: benchmark.model_dump(include={"train", "valid", "test"})
            for name, benchmark in CONFIG.benchmarks.items()
        },
        bad_rows=CONFIG.rollouts.bad_rows,
        seed=CONFIG.data.seed,
        code=code_hash("import_rollouts", "data", "verifiers", "answers"),
        state=f"{RESULTS}/state",
    script:
        "../scripts/import_rollouts.py"
