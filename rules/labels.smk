rule labels:
    "Choose which training queries of a suite may see their ground truth."
    input:
        lambda wc: expand("<results>/data/{name}/train.parquet", name=members(wc.suite)),
    output:
        "<results>/labels/{suite}/ratio{ratio}.parquet",
    log:
        "<logs>/labels/{suite}.{ratio}.log",
    benchmark:
        "<usage>/labels/{suite}.{ratio}.jsonl"
    # seconds, on a few small files: not worth a wait in a queue
    localrule: True
    threads: 1
    resources:
        mem_mb=times_attempt(2_000),
        runtime=times_attempt(20),
    params:
        fidelity=[name for name in enabled_quirks("data") if name == "colliding-ids"],
        seed=config["data"]["seed"],
        code=code_hash("labels", "data/labels.py"),
        state=f"{RESULTS}/state",
    script:
        "../scripts/labels.py"


rule revealed_rewards:
    "The verdicts on labeled queries: all that a reward model may learn from."
    input:
        verdicts="<results>/verdicts/{policy}/{suite}/train.parquet",
        labels="<results>/labels/{suite}/ratio{ratio}.parquet",
    output:
        "<results>/labels/{suite}/{policy}/rewards{ratio}.parquet",
    log:
        "<logs>/revealed_rewards/{policy}.{suite}.{ratio}.log",
    benchmark:
        "<usage>/revealed_rewards/{policy}.{suite}.{ratio}.jsonl"
    # seconds, on a few small files: not worth a wait in a queue
    localrule: True
    threads: 1
    resources:
        mem_mb=times_attempt(2_000),
        runtime=times_attempt(20),
    params:
        code=code_hash("revealed_rewards", "data/labels.py"),
        state=f"{RESULTS}/state",
    script:
        "../scripts/revealed_rewards.py"
