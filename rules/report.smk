# Pages of the report: the start page, sortable tables, published figures next to ours.
# The start page once there is a result.
START = f"{RESULTS}/pages/start.rst"

# a workflow that uses this one as a module has its own start page
if Path(workflow.basedir) == HERE:

    report: os.path.abspath(START) if os.path.exists(START) else "../report/workflow.rst"


# Tables that share a page: dropped items below the audit, kept checkpoints below the learning curves.
FURTHER = {
    "audit": "<results>/data/dropped.csv",
    "learning_curves": "<results>/tables/checkpoints.csv",
}


rule comparison_table:
    "Compare all figures of the run with those that the papers print, in one table."
    input:
        lambda wc: expand("<results>/tables/{name}.csv", name=compared()),
    output:
        "<results>/tables/comparison.csv",
    log:
        "<logs>/comparison_table.log",
    benchmark:
        "<usage>/comparison_table.jsonl"
    threads: 1
    resources:
        mem_mb=times_attempt(2_000),
        runtime=times_attempt(20),
    params:
        code=code_hash("comparison_table", "report/tables"),
        state=f"{RESULTS}/state",
    script:
        "../scripts/comparison_table.py"


rule count_dropped:
    "Count what was dropped from data, prompts and responses, with the reasons."
    input:
        audit="<results>/data/audit.csv",
        bad_rows="<results>/data/bad_rows.csv" if CONFIG.rollouts.import_ else [],
        usable_rows=(
            "<results>/data/usable_rows.csv" if CONFIG.rollouts.import_ else []
        ),
        queries=(rules.audit_data.input.queries if CONFIG.rollouts.import_ else []),
        prompts=lambda wc: [file for _, _, file in prompt_files()],
        responses=lambda wc: [file for *_, file in response_files()],
    output:
        "<results>/data/dropped.csv",
    log:
        "<logs>/count_dropped.log",
    benchmark:
        "<usage>/count_dropped.jsonl"
    threads: 1
    resources:
        mem_mb=times_attempt(4_000),
        runtime=times_attempt(60),
    params:
        limits=lambda wc: [[policy, most] for policy, most, _ in prompt_files()],
        responses=lambda wc: [list(place) for *place, _ in response_files()],
        code=code_hash(
            "count_dropped", "report/tables", "policies/lean.py", "training/prompts.py"
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/count_dropped.py"


rule write_page:
    "Write one table as a page: caption, figure, sortable and searchable rows, the CSV file."
    input:
        table=lambda wc: table_file(wc.table),
        more=lambda wc: FURTHER.get(wc.table, []),
        figures=lambda wc: figures_of(wc.table),
    output:
        report(
            "<results>/pages/{table}.html",
            caption="../report/page.rst",
            category=lambda wc: CAPTIONS[wc.table]["category"],
            labels=lambda wc: {"result": f"{CAPTIONS[wc.table]['title']}: table"},
        ),
    log:
        "<logs>/write_page/{table}.log",
    benchmark:
        "<usage>/write_page/{table}.jsonl"
    wildcard_constraints:
        table=captioned("table"),
    threads: 1
    resources:
        mem_mb=times_attempt(2_000),
        runtime=times_attempt(20),
    params:
        title=lambda wc: CAPTIONS[wc.table]["title"],
        caption=lambda wc: caption(wc.table, "table"),
        further=lambda wc: CAPTIONS[wc.table].get("further"),
        code=code_hash(
            "write_page",
            "report/pages.py",
            "report/html_table.py",
            "report/grid.py",
            "report/tables/names.py",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/write_page.py"


rule show_responses:
    "Sample a few responses of a suite to read, with rewards and verdicts. No training job reads the result."
    input:
        queries=lambda wc: expand(
            "<results>/data/{name}/train.parquet", name=members(wc.suite)
        ),
        truths=lambda wc: expand(
            "<results>/data/{name}/train.truths.parquet", name=members(wc.suite)
        ),
        trained=lambda wc: files_of_arms(wc.suite, "training", "responses.parquet"),
        asked=lambda wc: expand(
            "<results>/data/{name}/test.parquet", name=tested_benchmarks(wc.suite)
        ),
        tested=lambda wc: tested_files(wc.suite, "responses.parquet"),
        graded=lambda wc: tested_files(wc.suite, "parquet"),
    output:
        table="<results>/responses/{suite}.csv",
        page=report(
            "<results>/pages/responses/{suite}.html",
            caption="../report/page.rst",
            category=CAPTIONS["responses"]["category"],
            labels=lambda wc: {"result": f"Responses of suite {wc.suite}"},
        ),
    log:
        "<logs>/show_responses/{suite}.log",
    benchmark:
        "<usage>/show_responses/{suite}.jsonl"
    threads: 1
    resources:
        mem_mb=times_attempt(3_000),
        runtime=times_attempt(60),
    params:
        arms=lambda wc: trained_arms(wc.suite),
        predicted_rewards=lambda wc: [
            plain(suites.predicted_rewards(CONFIG, wc.suite, arm["method"]))
            for arm in trained_arms(wc.suite)
        ],
        responses=48,
        grading=GRADING,
        title=lambda wc: f"{CAPTIONS['responses']['title']}: suite {wc.suite}",
        caption=f"{CAPTIONS['responses']['table']} {STAND_INS}".strip(),
        code=code_hash(
            "show_responses",
            "evaluation/grading.py",
            "evaluation/readable_responses.py",
            "training/objectives/predicted.py",
            "reward_models",
            "verifiers",
            "answers",
            "report/responses.py",
            "report/pages.py",
            "report/html_table.py",
            "report/grid.py",
            "report/tables/names.py",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/show_responses.py"


rule render_table:
    "Write a table of accuracies with benchmarks in columns, in Markdown or LaTeX."
    input:
        "<results>/tables/{table}.csv",
    output:
        "<results>/tables/{table}.{form}",
    log:
        "<logs>/render_table/{table}.{form}.log",
    benchmark:
        "<usage>/render_table/{table}.{form}.jsonl"
    wildcard_constraints:
        table="|".join(map(re.escape, [*arms.accuracy_tables(CONFIG), "transfer"])),
        form="md|tex",
    threads: 1
    resources:
        mem_mb=times_attempt(1_000),
        runtime=times_attempt(10),
    params:
        code=code_hash(
            "render_table",
            "report/paper_form.py",
            "report/grid.py",
            "report/tables/names.py",
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/render_table.py"


rule write_start:
    "Write the report's start page: main results, comparison of methods, machine and date."
    input:
        table="<results>/tables/main.csv",
        differences=lambda wc: (
            "<results>/tables/accuracy_delta.csv"
            if "accuracy_delta" in arms.available_tables(CONFIG)
            else []
        ),
        template=os.path.relpath(HERE / "report/workflow.rst"),
    output:
        "<results>/pages/start.rst",
    log:
        "<logs>/write_start.log",
    benchmark:
        "<usage>/write_start.jsonl"
    threads: 1
    resources:
        mem_mb=times_attempt(1_000),
        runtime=times_attempt(10),
    params:
        code=code_hash(
            "write_start", "report/start.py", "report/tables", "storage/manifests.py"
        ),
        state=f"{RESULTS}/state",
    script:
        "../scripts/write_start.py"
