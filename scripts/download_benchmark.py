"""Download one benchmark from the Hugging Face hub."""

from pathlib import Path

from reward_memory.data.hub import benchmark
from reward_memory.jobs.job import job
from reward_memory.storage.files import write_json

with job(snakemake, fetches=True) as run:
    manifest = benchmark.download(
        run.wildcards.benchmark,
        run.params.revision,
        Path(run.output.files),
        # outlives the job, so that a code edit or another revision does not download unchanged files again
        Path(run.params.state) / "download",
        expected=run.params.sha256,
        partial=run.params.partial,
    )
    write_json(run.output.manifest, manifest)
