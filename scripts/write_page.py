"""Write one table as a page of the report."""

from pathlib import Path

from reward_memory.jobs.job import job
from reward_memory.report.pages import page
from reward_memory.storage.files import write_text

with job(snakemake) as run:
    texts = [Path(path).read_text(encoding="utf-8") for path in run.input.figures]
    figure = "\n".join(text[text.index("<svg") :] for text in texts) or None
    further = (run.params.further, Path(run.input.more)) if run.input.more else None
    text = page(run.params.title, run.params.caption, Path(run.input.table), figure, further)
    write_text(run.output[0], text)
