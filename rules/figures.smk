rule plot_learning_curves:
    "Draw the learning curves of one suite."
    input:
        "<results>/tables/learning_curves.csv",
    output:
        report(
            "<results>/figures/learning_curves/{suite}.svg",
            caption="../report/figure.rst",
            category=CAPTIONS["learning_curves"]["category"],
            labels=lambda wc: {"result": f"Learning curves of suite {wc.suite}"},
        ),
    log:
        "<logs>/plot_learning_curves/{suite}.log",
    benchmark:
        "<usage>/plot_learning_curves/{suite}.jsonl"
    threads: 1
    resources:
        mem_mb=times_attempt(2_000),
        runtime=times_attempt(20),
    params:
        caption=lambda wc: caption("learning_curves", "curves"),
        code=code_hash(
            "plot_learning_curves", "report/figures", "report/tables/names.py"
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/plot_learning_curves.py"


rule plot_table:
    "Draw one table."
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
        "<logs>/plot_table/{table}.log",
    benchmark:
        "<usage>/plot_table/{table}.jsonl"
    wildcard_constraints:
        table=captioned("figure"),
    threads: 1
    resources:
        mem_mb=times_attempt(2_000),
        runtime=times_attempt(20),
    params:
        caption=lambda wc: caption(wc.table, "figure"),
        code=code_hash("plot_table", "report/figures", "report/tables/names.py"),
        state=f"{RESULTS}/state",
    script:
        "../scripts/plot_table.py"
