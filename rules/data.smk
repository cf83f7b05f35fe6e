rule sample_queries:
    "Sample one benchmark and split it into train, valid and test, with the truths in separate files."
    input:
        lambda wc: released_files(wc.benchmark),
    output:
        train="<results>/data/{benchmark}/train.parquet",
        valid="<results>/data/{benchmark}/valid.parquet",
        test="<results>/data/{benchmark}/test.parquet",
        train_truths="<results>/data/{benchmark}/train.truths.parquet",
        valid_truths="<results>/data/{benchmark}/valid.truths.parquet",
        test_truths="<results>/data/{benchmark}/test.truths.parquet",
    log:
        "<logs>/sample_queries/{benchmark}.log",
    benchmark:
        "<usage>/sample_queries/{benchmark}.jsonl"
    wildcard_constraints:
        benchmark=from_source("generated", "mirror", "hub"),
    # first, so that errors in the data or prompts are reported before any long job
    priority: 20
    threads: 1
    resources:
        mem_mb=times_attempt(4_000),
        runtime=times_attempt(20),
    params:
        benchmark=lambda wc: plain(CONFIG.benchmarks[wc.benchmark]),
        mirror=lambda wc: released_folder(wc.benchmark),
        answer_format=lambda wc: suites.answer_format(CONFIG, wc.benchmark),
        partial=CONFIG.data.partial,
        isolation=lambda wc: (CONFIG.sandbox if runs_solutions(wc.benchmark) else None),
        fidelity=lambda wc: [
            name
            for name in enabled_quirks("data")
            if name == "torn-templates"
            or (name == "base-tests" and DOMAINS[wc.benchmark] == "code")
        ],
        seed=CONFIG.data.seed,
        code=code_hash(
            "sample_queries",
            "data/__init__.py",
            "data/generated",
            "data/mirror",
            "data/duplicates",
            "data/items.py",
            "data/prompts.py",
            "data/registry.py",
            "data/splits.py",
        ),
        # only benchmarks that run solutions depend on the verifiers
        code_tests=lambda wc: (
            code_hash("sample_queries", "data/code_tests.py", "verifiers")
            if runs_solutions(wc.benchmark)
            else None
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/sample_queries.py"
