"""Compare a frozen reward model with the hidden truth."""

from pathlib import Path

from reward_memory import schemas
from reward_memory.graph_memory.assessment import assess
from reward_memory.graph_memory.reward_model import load
from reward_memory.graph_memory.rollouts import assemble
from reward_memory.provenance import write_json
from reward_memory.runtime import job

with job(snakemake) as run:
    queries = schemas.read_all(run.input.queries, schemas.QUERIES)
    responses = schemas.read_all(run.input.responses, schemas.RESPONSES)
    rollouts = assemble([(queries, responses, run.input.embeddings)], schemas.read(run.input.rewards, schemas.VERDICTS))
    model = load(Path(run.input.model[0]).parent, run.device)
    write_json(run.output[0], assess(model, rollouts, schemas.read(run.input.verdicts, schemas.VERDICTS)))
