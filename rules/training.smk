from reward_memory.training import trackers

# jobs in a container have other packages than this process; there train_policy checks
if not workflow.deployment_settings.deployment_method:
    try:
        trackers.check(suites.all_loggers(CONFIG))
    except InputError as error:
        raise WorkflowError(f"{source}: {error}") from None


rule select_training_queries:
    "Training prompts of one method; prompts whose labels it may not use carry no ground truth."
    input:
        queries=lambda wc: expand(
            "<results>/data/{name}/train.parquet",
            name=members(wc.suite),
        ),
        truths=lambda wc: expand(
            "<results>/data/{name}/train.truths.parquet",
            name=members(wc.suite),
        ),
        labels=lambda wc: (
            []
            if wc.rewards in methods.WITHOUT_DRAW
            else "<results>/labels/{suite}/ratio{ratio}{draw}.parquet"
        ),
    output:
        "<results>/training_queries/{suite}/{rewards}/ratio{ratio}{draw}/train.parquet",
    log:
        "<logs>/select_training_queries/{suite}.{rewards}.{ratio}{draw}.log",
    benchmark:
        "<usage>/select_training_queries/{suite}.{rewards}.{ratio}{draw}.jsonl"
    wildcard_constraints:
        rewards="labeled|predicted|partly-voted|voted|verified",
    # takes seconds on small files; not worth waiting in a queue
    localrule: True
    threads: 1
    resources:
        mem_mb=times_attempt(2_000),
        runtime=times_attempt(20),
    params:
        unlabeled=lambda wc: (
            wc.rewards == "predicted"
            and suites.reward_model_of(CONFIG, wc.suite) != wc.suite
            and "unlabeled-ood" in enabled_quirks("training")
        ),
        leaking=lambda wc: (
            wc.rewards == "predicted"
            and "truth-fallback" in enabled_quirks("training")
        ),
        empty_turn=has_empty_turn,
        code=code_hash(
            "select_training_queries",
            "training/turns.py",
            "training/rows.py",
            "training/truths.py",
            "data/labels.py",
            "verifiers/verdicts.py",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/select_training_queries.py"


rule count_prompt_tokens:
    "Count prompts in a policy's own tokens; prompts over a limit, or without room for responses, stop the run here."
    input:
        policy=lambda wc: policy_folder(wc.policy),
        train=lambda wc: expand(
            "<results>/data/{name}/train.parquet", name=members(wc.suite)
        ),
        valid=lambda wc: validation_files(wc.suite, "{name}/{split}.parquet"),
        test=lambda wc: expand(
            "<results>/data/{name}/test.parquet", name=tested_benchmarks(wc.suite)
        ),
    output:
        "<results>/prompts/{policy}/{suite}.parquet",
    log:
        "<logs>/count_prompt_tokens/{policy}.{suite}.log",
    benchmark:
        "<usage>/count_prompt_tokens/{policy}.{suite}.jsonl"
    # takes seconds, and must come before anything long
    priority: 20
    localrule: True
    threads: 1
    resources:
        mem_mb=times_attempt(3_000),
        runtime=times_attempt(20),
        # not a param, because a change must not trigger a rerun: the counts do not depend on it
        rooms=lambda wc: " ".join(rooms(wc.suite, wc.policy)),
    params:
        limits=lambda wc: prompt_limits(wc.suite, wc.policy),
        empty_turn=has_empty_turn,
        section=lambda wc: (
            f"suites: {wc.suite}: training"
            if "max_prompt_tokens" in suites.section(CONFIG, wc.suite).training
            else "training"
        ),
        code=code_hash(
            "count_prompt_tokens",
            "policies/lean.py",
            "policies/positions.py",
            "training/prompts.py",
            "training/turns.py",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/count_prompt_tokens.py"


rule select_validation_queries:
    "Validation queries on which checkpoints are compared, with their ground truth."
    input:
        queries=lambda wc: validation_files(wc.suite, "{name}/{split}.parquet"),
        truths=lambda wc: validation_files(wc.suite, "{name}/{split}.truths.parquet"),
    output:
        "<results>/training_queries/{suite}/valid.parquet",
    log:
        "<logs>/select_validation_queries/{suite}.log",
    benchmark:
        "<usage>/select_validation_queries/{suite}.jsonl"
    # takes seconds on small files; not worth waiting in a queue
    localrule: True
    threads: 1
    resources:
        mem_mb=times_attempt(2_000),
        runtime=times_attempt(20),
    params:
        empty_turn=has_empty_turn,
        code=code_hash(
            "select_validation_queries",
            "training/turns.py",
            "training/rows.py",
            "training/truths.py",
            "data/labels.py",
            "verifiers/verdicts.py",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/select_validation_queries.py"


rule train_policy:
    "Train one policy with GRPO (verl)."
    input:
        policy=lambda wc: policy_folder(wc.policy),
        checked=lambda wc: policy_check(wc.policy),
        train=prompts_to_train_on,
        valid="<results>/training_queries/{suite}/valid.parquet",
        prompts="<results>/prompts/{policy}/{suite}.parquet",
        reward_model=lambda wc: (
            expand(
                "<results>/reward_models/{suite}/{{policy}}/{predictor}/ratio{ratio}/seed{{seed}}/{file}",
                suite=suites.reward_model_of(CONFIG, wc.suite),
                ratio=suites.reward_model_ratio(CONFIG, wc.suite, int(wc.ratio)),
                predictor=methods.predictor(CONFIG, wc.method),
                file=["model.safetensors", "memory.safetensors", "model.json"],
            )
            if get_rewards(wc.method) == "predicted"
            else []
        ),
        fitted=fitted_files,
    output:
        policy=kept_until_replaced(
            "train_policy",
            directory(
                "<results>/training/{suite}/{policy}/{method}/ratio{ratio}/seed{seed}/policy"
            ),
        ),
        history=kept_until_replaced(
            "train_policy",
            "<results>/training/{suite}/{policy}/{method}/ratio{ratio}/seed{seed}/history.csv",
        ),
        responses=kept_until_replaced(
            "train_policy",
            "<results>/training/{suite}/{policy}/{method}/ratio{ratio}/seed{seed}/responses.parquet",
        ),
        manifest=kept_until_replaced(
            "train_policy",
            "<results>/training/{suite}/{policy}/{method}/ratio{ratio}/seed{seed}/manifest.json",
        ),
    log:
        "<logs>/train_policy/{suite}.{policy}.{method}.{ratio}.{seed}.log",
    benchmark:
        "<usage>/train_policy/{suite}.{policy}.{method}.{ratio}.{seed}.jsonl"
    wildcard_constraints:
        policy=without_finished("train_policy"),
    # part of the longest chain of the workflow, so it starts as early as possible
    priority: 10
    threads: get_resource("train_policy", "threads")
    resources:
        gpu=get_resource("train_policy", "gpu"),
        nodes=get_resource("train_policy", "nodes"),
        # In a job on several nodes, SLURM starts Snakemake on the first node only, with the resources of all nodes;
        # training/ray_cluster.py starts Ray on the others.
        mpi=if_several_nodes("train_policy", lambda nodes: "ray"),
        tasks=if_several_nodes("train_policy", lambda nodes: nodes),
        tasks_per_gpu=if_several_nodes("train_policy", lambda nodes: 0),
        mem_mb=get_resource("train_policy", "mem_mb"),
        runtime=get_resource("train_policy", "runtime"),
        # not a param, because a change must not trigger a rerun: no number depends on the loggers
        trackers=lambda wc: " ".join(
            suites.loggers(CONFIG, wc.suite, wc.method, wc.policy)
        ),
    params:
        training=lambda wc: suites.settings(CONFIG, wc.suite, wc.method, wc.policy)[0],
        error_memory=lambda wc: suites.settings(
            CONFIG, wc.suite, wc.method, wc.policy
        )[1],
        predicted_rewards=lambda wc: plain(
            suites.predicted_rewards(CONFIG, wc.suite, wc.method)
        ),
        refit=lambda wc: (
            variants.settings(CONFIG, methods.predictor(CONFIG, wc.method))
            if suites.refits(CONFIG, wc.suite, wc.method)
            else None
        ),
        grading=GRADING,
        code=code_hash(
            "train_policy",
            "training",
            "error_memory",
            "reward_models",
            "verifiers",
            "answers",
            "generation",
            "policies/lean.py",
            "policies/snapshots.py",
            "data/labels.py",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/train_policy.py"


rule measure_agreement:
    "Compare the rewards of a training run with the hidden truth. No training job reads the result."
    input:
        queries=lambda wc: expand(
            "<results>/data/{name}/train.parquet", name=members(wc.suite)
        ),
        truths=lambda wc: expand(
            "<results>/data/{name}/train.truths.parquet", name=members(wc.suite)
        ),
        responses=rules.train_policy.output.responses,
    output:
        "<results>/training/{suite}/{policy}/{method}/ratio{ratio}/seed{seed}/agreement.csv",
    log:
        "<logs>/measure_agreement/{suite}.{policy}.{method}.{ratio}.{seed}.log",
    benchmark:
        "<usage>/measure_agreement/{suite}.{policy}.{method}.{ratio}.{seed}.jsonl"
    threads: 1
    resources:
        mem_mb=times_attempt(2_000),
        runtime=times_attempt(120),
    params:
        grading=GRADING,
        predicted_rewards=lambda wc: plain(
            suites.predicted_rewards(CONFIG, wc.suite, wc.method)
        ),
        code=code_hash(
            "measure_agreement",
            "training/objectives/predicted.py",
            "training/responses.py",
            "evaluation/grading.py",
            "evaluation/reward_agreement.py",
            "evaluation/reward_model_quality.py",
            "reward_models",
            "verifiers",
            "answers",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/measure_agreement.py"
