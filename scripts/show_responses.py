"""Sample a few responses of a suite, look up which are correct, and write them as a table and as a page."""

from pathlib import Path

from reward_memory.evaluation.readable_responses import from_test, from_training, in_reading_order
from reward_memory.jobs.job import job
from reward_memory.report.responses import responses_page
from reward_memory.storage import csv_tables, parquet
from reward_memory.storage.files import write_text
from reward_memory.training.objectives.predicted import FromPrediction

with job(snakemake) as run:
    queries = parquet.read_all(run.input.queries, parquet.QUERIES)
    truths = parquet.read_all(run.input.truths, parquet.TRUTHS)
    each = max(1, run.params.responses // len(run.params.arms))
    parts = []
    for arm, predicted, path in zip(run.params.arms, run.params.predicted_rewards, run.input.trained, strict=True):
        threshold = FromPrediction.of(predicted).threshold
        parts.append(from_training(Path(path), each, arm, queries, truths, run.params.grading, threshold))
    if run.input.tested:
        asked = parquet.read_all(run.input.asked, parquet.QUERIES)
        for arm, path, graded in zip(run.params.arms, run.input.tested, run.input.graded, strict=True):
            parts.append(from_test(Path(path), Path(graded), max(1, each // 2), arm, asked))
    csv_tables.write(in_reading_order(parts), run.output.table, form="%.4f")
    page = responses_page(run.params.title, run.params.caption, Path(run.output.table))
    write_text(run.output.page, page)
