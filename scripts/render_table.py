"""Write a table of accuracies in Markdown or LaTeX, as papers print it."""

from reward_memory.jobs.job import job
from reward_memory.report.paper_form import to_latex, to_markdown
from reward_memory.storage import csv_tables
from reward_memory.storage.files import write_text

with job(snakemake) as run:
    table = csv_tables.read(run.input[0])
    text = to_latex(table) if run.wildcards.form == "tex" else to_markdown(table)
    write_text(run.output[0], text)
