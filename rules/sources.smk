# Download benchmarks, and audit their contents.
rule download_benchmark:
    "Fetch the files of one benchmark from the Hugging Face hub at its pinned commit."
    output:
        files=directory("<results>/raw/{benchmark}"),
        manifest="<results>/raw/{benchmark}.json",
    log:
        "<logs>/download_benchmark/{benchmark}.log",
    benchmark:
        "<usage>/download_benchmark/{benchmark}.jsonl"
    wildcard_constraints:
        benchmark=from_source("hub"),
    # compute nodes often have no internet
    localrule: True
    threads: 1
    resources:
        mem_mb=times_attempt(4_000),
        runtime=times_attempt(240),
    params:
        revision=lambda wc: CONFIG.benchmarks[wc.benchmark].revision,
        sha256=lambda wc: CONFIG.benchmarks[wc.benchmark].sha256,
        partial=CONFIG.data.partial,
        code=code_hash("download_benchmark", "data"),
        state=f"{RESULTS}/state",
    script:
        "../scripts/download_benchmark.py"


rule audit_data:
    "Audit the benchmarks: rows, losses, duplicates, overlaps, languages, revisions. No other job reads the result."
    input:
        queries=[
            f"<results>/data/{name}/{split}.parquet"
            for name in CONFIG.benchmarks
            for split in ("train", "valid", "test")
        ],
        released=[file for name in CONFIG.benchmarks for file in released_files(name)],
        manifests=[
            f"<results>/raw/{name}.json"
            for name, benchmark in CONFIG.benchmarks.items()
            if benchmark.source == "hub"
        ],
    output:
        "<results>/data/audit.csv",
    log:
        "<logs>/audit_data.log",
    benchmark:
        "<usage>/audit_data.jsonl"
    threads: 1
    resources:
        mem_mb=times_attempt(4_000),
        runtime=times_attempt(30),
    params:
        origins={
            name: (benchmark.source, released_folder(name))
            for name, benchmark in CONFIG.benchmarks.items()
        },
        partial=CONFIG.data.partial,
        code=code_hash("audit_data", "data"),
        state=f"{RESULTS}/state",
    script:
        "../scripts/audit_data.py"
