rule evaluate:
    "Sample the test queries of one suite from one policy and grade the responses."
    input:
        policy=evaluated_policy,
        checked=lambda wc: policy_check(wc.policy),
        queries=lambda wc: expand(
            "<results>/data/{name}/test.parquet", name=tested_benchmarks(wc.suite)
        ),
        truths=lambda wc: expand(
            "<results>/data/{name}/test.truths.parquet",
            name=tested_benchmarks(wc.suite),
        ),
    output:
        responses=kept_until_replaced(
            "evaluate",
            "<results>/evaluation/{policy}/{method}/ratio{ratio}/seed{seed}/{suite}.responses.parquet",
        ),
        verdicts=kept_until_replaced(
            "evaluate",
            "<results>/evaluation/{policy}/{method}/ratio{ratio}/seed{seed}/{suite}.parquet",
        ),
    log:
        "<logs>/evaluate/{policy}.{method}.{ratio}.{seed}.{suite}.log",
    benchmark:
        "<usage>/evaluate/{policy}.{method}.{ratio}.{seed}.{suite}.jsonl"
    wildcard_constraints:
        policy=without_finished("evaluate"),
    threads: get_resource("evaluate", "threads")
    resources:
        gpu=get_resource("evaluate", "gpu"),
        mem_mb=get_resource("evaluate", "mem_mb"),
        runtime=get_resource("evaluate", "runtime"),
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
