"""Download one benchmark from the Hugging Face hub."""

from pathlib import Path

from reward_memory.benchmarks import hub
from reward_memory.provenance import write_json
from reward_memory.runtime import job

with job(snakemake, fetches=True) as run:
    manifest = hub.download(
        run.wildcards.benchmark,
        run.params.revision,
        Path(run.output.files),
        # outlives the job: no edit of a reader or another revision fetches an unchanged file again
        Path(run.params.state) / "download",
        expected=run.params.sha256,
        partial=run.params.partial,
    )
    write_json(run.output.manifest, manifest)
