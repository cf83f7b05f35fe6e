# settings of the Grader, for every rule that grades
GRADING = {
    "isolation": CONFIG.sandbox,
    "checks": "published" if "loose-checks" in enabled_quirks("grading") else "exact",
}


rule sample_rollouts:
    "Sample responses of one policy to the training queries of one benchmark."
    input:
        policy=lambda wc: policy_folder(wc.policy),
        checked=lambda wc: policy_check(wc.policy),
        queries="<results>/data/{benchmark}/{split}.parquet",
    output:
        kept_until_replaced(
            "sample_rollouts",
            "<results>/rollouts/{policy}/{benchmark}/{split}.parquet",
        ),
    log:
        "<logs>/sample_rollouts/{policy}.{benchmark}.{split}.log",
    benchmark:
        "<usage>/sample_rollouts/{policy}.{benchmark}.{split}.jsonl"
    wildcard_constraints:
        policy=without_finished(
            "sample_rollouts", "bootstrap", "package", "hub", "path"
        ),
    # before evaluations: trainings wait for it
    priority: 5
    threads: get_resource("sample_rollouts", "threads")
    resources:
        gpu=get_resource("sample_rollouts", "gpu"),
        mem_mb=get_resource("sample_rollouts", "mem_mb"),
        runtime=get_resource("sample_rollouts", "runtime"),
    params:
        sampling=CONFIG.rollouts.model_dump(exclude={"import_", "bad_rows"}),
        seed=CONFIG.data.seed,
        code=code_hash(
            "sample_rollouts",
            "generation",
            "policies/lean.py",
            "policies/snapshots.py",
            "answers/responses.py",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/sample_rollouts.py"


rule grade_rollouts:
    "Grade one suite's rollouts. Trainers never read this file, only `reveal_rewards`."
    input:
        queries=lambda wc: expand(
            "<results>/data/{name}/{{split}}.parquet", name=members(wc.suite)
        ),
        truths=lambda wc: expand(
            "<results>/data/{name}/{{split}}.truths.parquet", name=members(wc.suite)
        ),
        responses=lambda wc: expand(
            "<results>/rollouts/{{policy}}/{name}/{{split}}.parquet",
            name=members(wc.suite),
        ),
        rewards=lambda wc: (
            expand(
                "<results>/rollouts/{{policy}}/{name}/{{split}}.rewards.parquet",
                name=members(wc.suite),
            )
            if CONFIG.rollouts.import_
            else []
        ),
    output:
        "<results>/verdicts/{policy}/{suite}/{split}.parquet",
    log:
        "<logs>/grade_rollouts/{policy}.{suite}.{split}.log",
    benchmark:
        "<usage>/grade_rollouts/{policy}.{suite}.{split}.jsonl"
    # before evaluations: trainings wait for it
    priority: 5
    threads: 1
    resources:
        mem_mb=times_attempt(2_000),
        runtime=times_attempt(120),
    params:
        grading=GRADING,
        code=code_hash(
            "grade_rollouts",
            "verifiers",
            "answers",
            "evaluation/grading.py",
            "evaluation/imported_rewards.py",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/grade_rollouts.py"
