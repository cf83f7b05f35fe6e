"""Turn the file that a user brings into queries, truths, responses and rewards."""

from collections import Counter
from pathlib import Path

import pandas as pd

from reward_memory import imported, schemas
from reward_memory.progress import Progress
from reward_memory.provenance import atomic_path
from reward_memory.runtime import job

with job(snakemake) as run:
    file = Path(run.input[0])
    queries, bad = imported.read(file, run.params.domains)
    if run.params.bad_rows == "refuse":
        imported.refuse(file, len(queries), bad)
    rows = len(queries) + len(bad)
    Progress("rows", rows).advance(rows, f"{len(bad)} of them left out")
    for place, part in enumerate(imported.build(queries, run.params.domains, run.params.sizes, run.params.seed)):
        schemas.write(part.queries, run.output.queries[place], schemas.QUERIES)
        schemas.write(part.queries, run.output.truths[place], schemas.TRUTHS)
        schemas.write(part.responses, run.output.responses[place], schemas.RESPONSES)
        schemas.write(part.rewards, run.output.rewards[place], schemas.REWARDS)
    with atomic_path(run.output.bad_rows) as temporary:
        bad.to_csv(temporary, index=False)
    usable = Counter(query.benchmark for query in queries)
    with atomic_path(run.output.usable_rows) as temporary:
        pd.DataFrame(usable.items(), columns=["benchmark", "rows"]).to_csv(temporary, index=False)
