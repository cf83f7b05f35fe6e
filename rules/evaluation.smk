rule evaluate:
    "Sample the test queries of one suite from one policy and grade the responses."
    input:
        policy=evaluated_policy,
        checked=lambda wc: checked_policy(wc.policy),
        queries=lambda wc: expand(
            "<results>/data/{name}/test.parquet", name=tested(wc.suite)
        ),
        truths=lambda wc: expand(
            "<results>/data/{name}/test.truths.parquet", name=tested(wc.suite)
        ),
    output:
        responses=replaced(
            "evaluate",
            "<results>/evaluation/{policy}/{method}/ratio{ratio}/seed{seed}/{suite}.responses.parquet",
        ),
        verdicts=replaced(
            "evaluate",
            "<results>/evaluation/{policy}/{method}/ratio{ratio}/seed{seed}/{suite}.parquet",
        ),
    log:
        "<logs>/evaluate/{policy}.{method}.{ratio}.{seed}.{suite}.log",
    benchmark:
        "<usage>/evaluate/{policy}.{method}.{ratio}.{seed}.{suite}.jsonl"
    wildcard_constraints:
        policy=unfinished("evaluate"),
    threads: asked("evaluate", "threads")
    resources:
        gpu=asked("evaluate", "gpu"),
        mem_mb=asked("evaluate", "mem_mb"),
        runtime=asked("evaluate", "runtime"),
    params:
        sampling=lambda wc: algorithms.evaluation(config, wc.suite),
        grading=GRADING,
        code=code_hash(
            "evaluate",
            "generation",
            "policies/snapshots.py",
            "verifiers",
            "answers",
            "evaluation/grading.py",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/evaluate.py"
