"""Sample and split one benchmark."""

from pathlib import Path

from reward_memory import data
from reward_memory.jobs.job import job
from reward_memory.storage import parquet

with job(snakemake) as run:
    benchmark = dict(run.params.benchmark)
    splits = data.build(
        run.wildcards.benchmark,
        benchmark["source"],
        {split: benchmark[split] for split in ("train", "valid", "test")},
        run.params.seed,
        mirror=Path(run.params.mirror) if run.input else None,
        answer_format=run.params.answer_format,
        partial=run.params.partial,
        isolation=run.params.isolation,
        fidelity=run.params.fidelity,
    )
    for split, queries in splits.items():
        parquet.write(queries, run.output[split], parquet.QUERIES)
        parquet.write(queries, run.output[f"{split}_truths"], parquet.TRUTHS)
