# what every rule that grades tells the Grader
GRADING = {
    "isolation": config["sandbox"],
    "checks": "published" if "loose-checks" in enabled_quirks("grading") else "exact",
}


rule rollouts:
    "Sample responses of one policy to the training queries of one benchmark."
    input:
        policy=lambda wc: policy_folder(wc.policy),
        checked=lambda wc: policy_check(wc.policy),
        queries="<results>/data/{benchmark}/{split}.parquet",
    output:
        kept_until_replaced(
            "rollouts", "<results>/rollouts/{policy}/{benchmark}/{split}.parquet"
        ),
    log:
        "<logs>/rollouts/{policy}.{benchmark}.{split}.log",
    benchmark:
        "<usage>/rollouts/{policy}.{benchmark}.{split}.jsonl"
    wildcard_constraints:
        policy=without_finished("rollouts", "bootstrap", "package", "hub", "path"),
    threads: get_resource("rollouts", "threads")
    resources:
        gpu=get_resource("rollouts", "gpu"),
        mem_mb=get_resource("rollouts", "mem_mb"),
        runtime=get_resource("rollouts", "runtime"),
    params:
        sampling={
            name: value
            for name, value in config["rollouts"].items()
            if name not in ("import", "bad_rows")
        },
        seed=config["data"]["seed"],
        code=code_hash(
            "rollouts", "generation", "policies/snapshots.py", "answers/responses.py"
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/rollouts.py"


rule verdicts:
    "Grade one suite's rollouts. Trainers never read this file, only `revealed_rewards`."
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
            if config["rollouts"]["import"]
            else []
        ),
    output:
        "<results>/verdicts/{policy}/{suite}/{split}.parquet",
    log:
        "<logs>/verdicts/{policy}.{suite}.{split}.log",
    benchmark:
        "<usage>/verdicts/{policy}.{suite}.{split}.jsonl"
    threads: 1
    resources:
        mem_mb=times_attempt(2_000),
        runtime=times_attempt(120),
    params:
        grading=GRADING,
        code=code_hash(
            "verdicts",
            "verifiers",
            "answers",
            "evaluation/grading.py",
            "evaluation/imported_rewards.py",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/verdicts.py"
