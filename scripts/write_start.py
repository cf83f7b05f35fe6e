"""Write the report's start page."""

import datetime
from pathlib import Path

from reward_memory.jobs.job import job
from reward_memory.report.start import start
from reward_memory.storage import csv_tables
from reward_memory.storage.files import write_text
from reward_memory.storage.manifests import manifest

with job(snakemake) as run:
    differences = csv_tables.read(run.input.differences) if run.input.differences else None
    made = manifest({}, {}) | {"date": datetime.date.today().isoformat()}
    template = Path(run.input.template).read_text(encoding="utf-8")
    write_text(run.output[0], start(template, csv_tables.read(run.input.table), differences, made))
