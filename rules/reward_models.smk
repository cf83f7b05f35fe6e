rule embed_rollouts:
    "Embed queries, thinking and answers of one suite's rollouts, and collect the rows of the vectors."
    input:
        queries=lambda wc: expand(
            "<results>/data/{name}/{{split}}.parquet", name=members(wc.suite)
        ),
        responses=lambda wc: expand(
            "<results>/rollouts/{{policy}}/{name}/{{split}}.parquet",
            name=members(wc.suite),
        ),
    output:
        embeddings=kept_until_replaced(
            "embed_rollouts",
            "<results>/embeddings/{policy}/{suite}/{split}.safetensors",
        ),
        # one file for all benchmarks: hundreds of jobs read it, and Snakemake plans every input file of each job
        queries=kept_until_replaced(
            "embed_rollouts",
            "<results>/embeddings/{policy}/{suite}/{split}.queries.parquet",
        ),
        responses=kept_until_replaced(
            "embed_rollouts",
            "<results>/embeddings/{policy}/{suite}/{split}.responses.parquet",
        ),
    log:
        "<logs>/embed_rollouts/{policy}.{suite}.{split}.log",
    benchmark:
        "<usage>/embed_rollouts/{policy}.{suite}.{split}.jsonl"
    wildcard_constraints:
        policy=without_finished("embed_rollouts"),
    # before evaluations: trainings wait for it
    priority: 5
    threads: get_resource("embed_rollouts", "threads")
    resources:
        gpu=get_resource("embed_rollouts", "gpu"),
        mem_mb=get_resource("embed_rollouts", "mem_mb"),
        runtime=get_resource("embed_rollouts", "runtime"),
    params:
        dtype=CONFIG.reward_model.encoder_dtype if CONFIG.reward_model else "auto",
        code=code_hash(
            "embed_rollouts",
            "reward_models/features/embedding.py",
            "reward_models/features/encoder.py",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/embed_rollouts.py"


rule fit_reward_model:
    "Fit a reward model on the labeled rollouts and save it with its memory."
    input:
        queries="<results>/embeddings/{policy}/{suite}/train.queries.parquet",
        responses="<results>/embeddings/{policy}/{suite}/train.responses.parquet",
        embeddings="<results>/embeddings/{policy}/{suite}/train.safetensors",
        rewards=revealed_rewards,
        # only for `valid-selection`: the published code selects on the truths of valid queries
        valid_queries=lambda wc: valid_file(
            wc, "embeddings/{policy}/{suite}/valid.queries.parquet"
        ),
        valid_responses=lambda wc: valid_file(
            wc, "embeddings/{policy}/{suite}/valid.responses.parquet"
        ),
        valid_embeddings=lambda wc: valid_file(
            wc, "embeddings/{policy}/{suite}/valid.safetensors"
        ),
        valid_verdicts=lambda wc: valid_file(
            wc, "verdicts/{policy}/{suite}/valid.parquet"
        ),
    output:
        model=kept_until_replaced(
            "fit_reward_model",
            "<results>/reward_models/{suite}/{policy}/{predictor}/ratio{ratio}/seed{seed}/model.safetensors",
        ),
        memory=kept_until_replaced(
            "fit_reward_model",
            "<results>/reward_models/{suite}/{policy}/{predictor}/ratio{ratio}/seed{seed}/memory.safetensors",
        ),
        about=kept_until_replaced(
            "fit_reward_model",
            "<results>/reward_models/{suite}/{policy}/{predictor}/ratio{ratio}/seed{seed}/model.json",
        ),
    log:
        "<logs>/fit_reward_model/{suite}.{policy}.{predictor}.{ratio}.{seed}.log",
    benchmark:
        "<usage>/fit_reward_model/{suite}.{policy}.{predictor}.{ratio}.{seed}.jsonl"
    wildcard_constraints:
        policy=without_finished("fit_reward_model"),
    # as high as train_policy, which waits for it
    priority: 10
    threads: get_resource("fit_reward_model", "threads")
    resources:
        gpu=get_resource("fit_reward_model", "gpu"),
        mem_mb=get_resource("fit_reward_model", "mem_mb"),
        runtime=get_resource("fit_reward_model", "runtime"),
    params:
        settings=lambda wc: variants.settings(CONFIG, wc.predictor),
        code=code_hash("fit_reward_model", "reward_models", "answers"),
        state=f"{RESULTS}/state",
    script:
        "../scripts/fit_reward_model.py"


rule measure_reward_model:
    "Compare a reward model with the hidden truth. No job that trains or selects reads the result."
    input:
        unpack(sampled_files),
        model=rules.fit_reward_model.output,
        rewards=revealed_rewards,
    output:
        metrics="<results>/reward_models/{suite}/{policy}/{predictor}/ratio{ratio}/seed{seed}/metrics.json",
        # not in the model's folder, which trainers read: this file contains the hidden truth
        predictions="<results>/predictions/{suite}/{policy}/{predictor}/ratio{ratio}/seed{seed}.parquet",
    log:
        "<logs>/measure_reward_model/{suite}.{policy}.{predictor}.{ratio}.{seed}.log",
    benchmark:
        "<usage>/measure_reward_model/{suite}.{policy}.{predictor}.{ratio}.{seed}.jsonl"
    threads: get_resource("measure_reward_model", "threads")
    resources:
        gpu=get_resource("measure_reward_model", "gpu"),
        mem_mb=get_resource("measure_reward_model", "mem_mb"),
        runtime=get_resource("measure_reward_model", "runtime"),
    params:
        splits=lambda wc: sampled_splits(wc.suite),
        code=code_hash(
            "measure_reward_model",
            "reward_models",
            "answers",
            "evaluation/reward_model_quality.py",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/measure_reward_model.py"


rule measure_top_k:
    "Apply a reward model to another suite's test responses. No job that trains or selects reads the result."
    input:
        queries="<results>/embeddings/{policy}/{tested}/test.queries.parquet",
        responses="<results>/embeddings/{policy}/{tested}/test.responses.parquet",
        embeddings="<results>/embeddings/{policy}/{tested}/test.safetensors",
        verdicts="<results>/verdicts/{policy}/{tested}/test.parquet",
        model=rules.fit_reward_model.output,
    output:
        "<results>/top_k/{suite}/{policy}/{predictor}/ratio{ratio}/seed{seed}/{tested}.parquet",
    log:
        "<logs>/measure_top_k/{suite}.{policy}.{predictor}.{ratio}.{seed}.{tested}.log",
    benchmark:
        "<usage>/measure_top_k/{suite}.{policy}.{predictor}.{ratio}.{seed}.{tested}.jsonl"
    threads: get_resource("measure_reward_model", "threads")
    resources:
        gpu=get_resource("measure_reward_model", "gpu"),
        mem_mb=get_resource("measure_reward_model", "mem_mb"),
        runtime=get_resource("measure_reward_model", "runtime"),
    params:
        top_k=CONFIG.reward_model.top_k if CONFIG.reward_model else [],
        code=code_hash(
            "measure_top_k",
            "reward_models",
            "answers",
            "evaluation/reward_model_quality.py",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/measure_top_k.py"
