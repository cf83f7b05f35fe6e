rule evaluate:
    "Sample the test queries of one suite from one policy and grade the responses."
    input:
        policy=evaluated_policy,
        checked=lambda wc: policy_check(wc.policy),
        queries=lambda wc: expand(
            "<results>/data/{name}/test.parquet", name=tested_benchmarks(wc.tested)
        ),
        truths=lambda wc: expand(
            "<results>/data/{name}/test.truths.parquet",
            name=tested_benchmarks(wc.tested),
        ),
    output:
        responses=kept_until_replaced(
            "evaluate",
            "<results>/evaluation/{suite}/{policy}/{method}/ratio{ratio}/seed{seed}/{tested}.responses.parquet",
        ),
        verdicts=kept_until_replaced(
            "evaluate",
            "<results>/evaluation/{suite}/{policy}/{method}/ratio{ratio}/seed{seed}/{tested}.parquet",
        ),
    log:
        "<logs>/evaluate/{suite}.{policy}.{method}.{ratio}.{seed}.{tested}.log",
    benchmark:
        "<usage>/evaluate/{suite}.{policy}.{method}.{ratio}.{seed}.{tested}.jsonl"
    wildcard_constraints:
        policy=without_finished("evaluate"),
    threads: get_resource("evaluate", "threads")
    resources:
        gpu=get_resource("evaluate", "gpu"),
        mem_mb=get_resource("evaluate", "mem_mb"),
        runtime=get_resource("evaluate", "runtime"),
    params:
        sampling=lambda wc: suites.evaluation(config, wc.tested),
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
