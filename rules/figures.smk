rule figure:
    "One of the tables, drawn."
    input:
        "<results>/tables/{table}.csv",
    output:
        report(
            "<results>/figures/{table}.svg",
            caption="../report/figure.rst",
            category=lambda wc: CAPTIONS[wc.table]["category"],
            labels=lambda wc: {"result": f"{CAPTIONS[wc.table]['title']}: figure"},
        ),
    log:
        "<logs>/figure/{table}.log",
    benchmark:
        "<usage>/figure/{table}.jsonl"
    wildcard_constraints:
        table=captioned("figure"),
    threads: 1
    resources:
        mem_mb=times_attempt(2_000),
        runtime=times_attempt(20),
    params:
        caption=lambda wc: caption(wc.table, "figure"),
        code=code_hash("figure", "report/figures", "report/tables/names.py"),
        state=f"{RESULTS}/state",
    script:
        "../scripts/figure.py"
