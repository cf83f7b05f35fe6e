"""Embed the rollouts of one suite."""

import pandas as pd

from reward_memory import schemas
from reward_memory.graph_memory.embedding import embed_rollouts
from reward_memory.runtime import job

with job(snakemake) as run:
    queries = pd.concat([schemas.read(path, schemas.QUERIES) for path in run.input.queries], ignore_index=True)
    responses = pd.concat([schemas.read(path, schemas.RESPONSES) for path in run.input.responses], ignore_index=True)
    embed_rollouts(queries, responses, run.output[0], device=run.device)
