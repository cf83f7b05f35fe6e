rule route_labels:
    "Choose the labeled training queries of a suite, whose ground truth may be used."
    input:
        lambda wc: expand("<results>/data/{name}/train.parquet", name=members(wc.suite)),
    output:
        "<results>/labels/{suite}/ratio{ratio}{draw}.parquet",
    log:
        "<logs>/route_labels/{suite}.{ratio}{draw}.log",
    benchmark:
        "<usage>/route_labels/{suite}.{ratio}{draw}.jsonl"
    # takes seconds on small files; not worth waiting in a queue
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
    "Keep the verdicts on labeled queries. Reward models learn from nothing else."
    input:
        verdicts="<results>/verdicts/{policy}/{suite}/train.parquet",
        labels="<results>/labels/{suite}/ratio{ratio}{draw}.parquet",
    output:
        "<results>/labels/{suite}/{policy}/rewards{ratio}{draw}.parquet",
    log:
        "<logs>/reveal_rewards/{policy}.{suite}.{ratio}{draw}.log",
    benchmark:
        "<usage>/reveal_rewards/{policy}.{suite}.{ratio}{draw}.jsonl"
    # before evaluations: trainings wait for it
    priority: 5
    # takes seconds on small files; not worth waiting in a queue
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
