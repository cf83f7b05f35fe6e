rule embeddings:
    "Embed queries, thinking and answers of one suite's rollouts."
    input:
        queries=lambda wc: expand(
            "<results>/data/{name}/{{split}}.parquet", name=members(wc.suite)
        ),
        responses=lambda wc: expand(
            "<results>/rollouts/{{policy}}/{name}/{{split}}.parquet",
            name=members(wc.suite),
        ),
    output:
        kept_until_replaced(
            "embeddings", "<results>/embeddings/{policy}/{suite}/{split}.safetensors"
        ),
    log:
        "<logs>/embeddings/{policy}.{suite}.{split}.log",
    benchmark:
        "<usage>/embeddings/{policy}.{suite}.{split}.jsonl"
    wildcard_constraints:
        policy=without_finished("embeddings"),
    threads: get_resource("embeddings", "threads")
    resources:
        gpu=get_resource("embeddings", "gpu"),
        mem_mb=get_resource("embeddings", "mem_mb"),
        runtime=get_resource("embeddings", "runtime"),
    params:
        dtype=lookup("reward_model/encoder_dtype", within=config, default="auto"),
        code=code_hash(
            "embeddings",
            "reward_models/features/embedding.py",
            "reward_models/features/encoder.py",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/embeddings.py"


rule reward_model:
    "Fit a reward model on the labeled rollouts and freeze it with its memory."
    input:
        queries=lambda wc: expand(
            "<results>/data/{name}/train.parquet", name=members(wc.suite)
        ),
        responses=lambda wc: expand(
            "<results>/rollouts/{{policy}}/{name}/train.parquet",
            name=members(wc.suite),
        ),
        embeddings="<results>/embeddings/{policy}/{suite}/train.safetensors",
        rewards="<results>/labels/{suite}/{policy}/rewards{ratio}.parquet",
        # only where the configuration has the published choice, selection on the truths of valid queries
        valid_queries=lambda wc: valid_files(
            wc, "<results>/data/{name}/valid.parquet", name=members(wc.suite)
        ),
        valid_responses=lambda wc: valid_files(
            wc,
            "<results>/rollouts/{policy}/{name}/valid.parquet",
            policy=wc.policy,
            name=members(wc.suite),
        ),
        valid_embeddings=lambda wc: valid_files(
            wc,
            "<results>/embeddings/{policy}/{suite}/valid.safetensors",
            policy=wc.policy,
            suite=wc.suite,
        ),
        valid_verdicts=lambda wc: valid_files(
            wc,
            "<results>/verdicts/{policy}/{suite}/valid.parquet",
            policy=wc.policy,
            suite=wc.suite,
        ),
    output:
        model=kept_until_replaced(
            "reward_model",
            "<results>/reward_models/{suite}/{policy}/{predictor}/ratio{ratio}/seed{seed}/model.safetensors",
        ),
        memory=kept_until_replaced(
            "reward_model",
            "<results>/reward_models/{suite}/{policy}/{predictor}/ratio{ratio}/seed{seed}/memory.safetensors",
        ),
        about=kept_until_replaced(
            "reward_model",
            "<results>/reward_models/{suite}/{policy}/{predictor}/ratio{ratio}/seed{seed}/model.json",
        ),
    log:
        "<logs>/reward_model/{suite}.{policy}.{predictor}.{ratio}.{seed}.log",
    benchmark:
        "<usage>/reward_model/{suite}.{policy}.{predictor}.{ratio}.{seed}.jsonl"
    wildcard_constraints:
        policy=without_finished("reward_model"),
    threads: get_resource("reward_model", "threads")
    resources:
        gpu=get_resource("reward_model", "gpu"),
        mem_mb=get_resource("reward_model", "mem_mb"),
        runtime=get_resource("reward_model", "runtime"),
    params:
        settings=lambda wc: variants.settings(config, wc.predictor),
        code=code_hash("reward_model", "reward_models", "answers"),
        state=f"{RESULTS}/state",
    script:
        "../scripts/reward_model.py"


rule reward_model_metrics:
    "Compare a frozen reward model with the hidden truth. Nothing that trains or selects reads the result."
    input:
        unpack(sampled_files),
        model=rules.reward_model.output,
        rewards=rules.reward_model.input.rewards,
    output:
        metrics="<results>/reward_models/{suite}/{policy}/{predictor}/ratio{ratio}/seed{seed}/metrics.json",
        # not in the model's folder, which trainers are given: it holds the hidden truth
        predictions="<results>/predictions/{suite}/{policy}/{predictor}/ratio{ratio}/seed{seed}.parquet",
    log:
        "<logs>/reward_model_metrics/{suite}.{policy}.{predictor}.{ratio}.{seed}.log",
    benchmark:
        "<usage>/reward_model_metrics/{suite}.{policy}.{predictor}.{ratio}.{seed}.jsonl"
    threads: get_resource("reward_model_metrics", "threads")
    resources:
        gpu=get_resource("reward_model_metrics", "gpu"),
        mem_mb=get_resource("reward_model_metrics", "mem_mb"),
        runtime=get_resource("reward_model_metrics", "runtime"),
    params:
        splits=lambda wc: sampled_splits(wc.suite),
        code=code_hash(
            "reward_model_metrics",
            "reward_models",
            "answers",
            "evaluation/reward_model_quality.py",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/reward_model_metrics.py"
