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
        replaced(
            "embeddings", "<results>/embeddings/{policy}/{suite}/{split}.safetensors"
        ),
    log:
        "<logs>/embeddings/{policy}.{suite}.{split}.log",
    benchmark:
        "<usage>/embeddings/{policy}.{suite}.{split}.jsonl"
    wildcard_constraints:
        policy=unfinished("embeddings"),
    threads: asked("embeddings", "threads")
    resources:
        gpu=asked("embeddings", "gpu"),
        mem_mb=asked("embeddings", "mem_mb"),
        runtime=asked("embeddings", "runtime"),
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
    "Fit a reward model on the labelled rollouts and freeze it with its memory."
    input:
        queries=expand("<results>/data/{name}/train.parquet", name=members("main")),
        responses=expand(
            "<results>/rollouts/{{policy}}/{name}/train.parquet", name=members("main")
        ),
        embeddings="<results>/embeddings/{policy}/main/train.safetensors",
        rewards="<results>/labels/main/{policy}/rewards{ratio}.parquet",
        # only where the configuration has the published choice, selection on the truths of valid queries
        valid_queries=lambda wc: on_valid(
            wc, "<results>/data/{name}/valid.parquet", name=members("main")
        ),
        valid_responses=lambda wc: on_valid(
            wc,
            "<results>/rollouts/{policy}/{name}/valid.parquet",
            policy=wc.policy,
            name=members("main"),
        ),
        valid_embeddings=lambda wc: on_valid(
            wc,
            "<results>/embeddings/{policy}/main/valid.safetensors",
            policy=wc.policy,
        ),
        valid_verdicts=lambda wc: on_valid(
            wc, "<results>/verdicts/{policy}/main/valid.parquet", policy=wc.policy
        ),
    output:
        model=replaced(
            "reward_model",
            "<results>/reward_models/{policy}/{predictor}/ratio{ratio}/seed{seed}/model.safetensors",
        ),
        memory=replaced(
            "reward_model",
            "<results>/reward_models/{policy}/{predictor}/ratio{ratio}/seed{seed}/memory.safetensors",
        ),
        about=replaced(
            "reward_model",
            "<results>/reward_models/{policy}/{predictor}/ratio{ratio}/seed{seed}/model.json",
        ),
    log:
        "<logs>/reward_model/{policy}.{predictor}.{ratio}.{seed}.log",
    benchmark:
        "<usage>/reward_model/{policy}.{predictor}.{ratio}.{seed}.jsonl"
    wildcard_constraints:
        policy=unfinished("reward_model"),
    threads: asked("reward_model", "threads")
    resources:
        gpu=asked("reward_model", "gpu"),
        mem_mb=asked("reward_model", "mem_mb"),
        runtime=asked("reward_model", "runtime"),
    params:
        settings=lambda wc: variants.settings(config, wc.predictor),
        code=code_hash("reward_model", "reward_models", "answers"),
        state=f"{RESULTS}/state",
    script:
        "../scripts/reward_model.py"


rule reward_model_metrics:
    "Compare a frozen reward model with the hidden truth. Nothing that trains or selects reads the result."
    input:
        model=rules.reward_model.output,
        # split by split, each with all benchmarks
        queries=expand(
            "<results>/data/{name}/{split}.parquet",
            split=SAMPLED_SPLITS,
            name=members("main"),
        ),
        responses=expand(
            "<results>/rollouts/{{policy}}/{name}/{split}.parquet",
            split=SAMPLED_SPLITS,
            name=members("main"),
        ),
        embeddings=expand(
            "<results>/embeddings/{{policy}}/main/{split}.safetensors",
            split=SAMPLED_SPLITS,
        ),
        rewards=rules.reward_model.input.rewards,
        verdicts=expand(
            "<results>/verdicts/{{policy}}/main/{split}.parquet", split=SAMPLED_SPLITS
        ),
    output:
        metrics="<results>/reward_models/{policy}/{predictor}/ratio{ratio}/seed{seed}/metrics.json",
        # not in the model's folder, which trainers are given: it holds the hidden truth
        predictions="<results>/predictions/{policy}/{predictor}/ratio{ratio}/seed{seed}.parquet",
    log:
        "<logs>/reward_model_metrics/{policy}.{predictor}.{ratio}.{seed}.log",
    benchmark:
        "<usage>/reward_model_metrics/{policy}.{predictor}.{ratio}.{seed}.jsonl"
    threads: asked("reward_model_metrics", "threads")
    resources:
        gpu=asked("reward_model_metrics", "gpu"),
        mem_mb=asked("reward_model_metrics", "mem_mb"),
        runtime=asked("reward_model_metrics", "runtime"),
    params:
        splits=SAMPLED_SPLITS,
        benchmarks=len(members("main")),
        code=code_hash(
            "reward_model_metrics",
            "reward_models",
            "answers",
            "evaluation/reward_model_quality.py",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/reward_model_metrics.py"
