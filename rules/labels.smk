rule route_labels:
    "Choose the training queries of a suite whose ground truth may be used."
    input:
        lambda wc: expand("<results>/data/{name}/train.parquet", name=members(wc.suite)),
    output:
        "<results>/labels/{suite}/ratio{ratio}{draw}.parquet",
    log:
        "<logs>/route_labels/{suite}.{ratio}{draw}.log",
    benchmark:
        "<usage>/route_labels/{suite}.{ratio}{draw}.jsonl"
    # seconds, on a few small files: not worth a wait in a queue
    localrule: True
    threads: 1
    resources:
        mem_mb=times_attempt(2_000),
        runtime=times_attempt(20),
    params:
        fidelity=[name for name in enabled_quirks("data") if name == "colliding-ids"],
        seed=lambda wc: (
            derive("label draw", CONFIG.data.seed, wc.draw)
            if wc.draw
            else CONFIG.data.seed
        ),
        code=code_hash("route_labels", "data/labels.py"),
        state=f"{RESULTS}/state",
    script:
        "../scripts/route_labels.py"


rule reveal_rewards:
    "The verdicts on labeled queries: all that a reward model may learn from."
    input:
        verdicts="<results>/verdicts/{policy}/{suite}/train.parquet",
        labels="<results>/labels/{suite}/ratio{ratio}{draw}.parquet",
    output:
        "<results>/labels/{suite}/{policy}/rewards{ratio}{draw}.parquet",
    log:
        "<logs>/reveal_rewards/{policy}.{suite}.{ratio}{draw}.log",
    benchmark:
        "<usage>/reveal_rewards/{policy}.{suite}.{ratio}{draw}.jsonl"
    # trainings wait for it, evaluations do not
    priority: 5
    # seconds, on a few small files: not worth a wait in a queue
    localrule: True
    threads: 1
    resources:
        mem_mb=times_attempt(2_000),
        runtime=times_attempt(20),
    params:
        code=code_hash("reveal_rewards", "data/labels.py"),
        state=f"{RESULTS}/state",
    script:
        "../scripts/reveal_rewards.py"
