"""Download one policy from the Hugging Face hub."""

from pathlib import Path

from reward_memory.jobs.job import job
from reward_memory.policies import hub
from reward_memory.storage.files import write_json

with job(snakemake, fetches=True, lasting="download_policy") as run:
    source = dict(run.params.hub)
    manifest = hub.download(
        run.wildcards.policy,
        source["repository"],
        source["revision"],
        Path(run.output.folder),
        # outlives the job, so that a code edit or another revision does not download unchanged files again
        Path(run.params.state) / "download",
        expected=source["sha256"],
    )
    write_json(run.output.manifest, manifest)
