rule evaluate_policy:
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
            "evaluate_policy",
            "<results>/evaluation/{suite}/{policy}/{method}/ratio{ratio}/seed{seed}/{tested}.responses.parquet",
        ),
        verdicts=kept_until_replaced(
            "evaluate_policy",
            "<results>/evaluation/{suite}/{policy}/{method}/ratio{ratio}/seed{seed}/{tested}.parquet",
        ),
    log:
        "<logs>/evaluate_policy/{suite}.{policy}.{method}.{ratio}.{seed}.{tested}.log",
    benchmark:
        "<usage>/evaluate_policy/{suite}.{policy}.{method}.{ratio}.{seed}.{tested}.jsonl"
    wildcard_constraints:
        policy=without_finished("evaluate_policy"),
    threads: get_resource("evaluate_policy", "threads")
    resources:
        gpu=get_resource("evaluate_policy", "gpu"),
        mem_mb=get_resource("evaluate_policy", "mem_mb"),
        runtime=get_resource("evaluate_policy", "runtime"),
    params:
        sampling=lambda wc: plain(suites.evaluation(CONFIG, wc.tested)),
        grading=GRADING,
        code=code_hash(
            "evaluate_policy",
            "generation",
            "policies/lean.py",
            "policies/snapshots.py",
            "verifiers",
            "answers",
            "evaluation/grading.py",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/evaluate_policy.py"
