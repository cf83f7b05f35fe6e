"""Count the tokens of one policy's prompts, and refuse prompts that leave no room for training or sampling."""

import json
from pathlib import Path

from reward_memory.jobs.job import job
from reward_memory.policies.positions import context
from reward_memory.settings import Training
from reward_memory.storage import parquet
from reward_memory.training import prompts
from reward_memory.training.turns import EMPTY_TURN

with job(snakemake) as run:
    queries = {split: parquet.read_all(run.input[split], parquet.QUERIES) for split in ("train", "valid")}
    found = prompts.lengths(run.input.policy, queries, EMPTY_TURN if run.params.empty_turn else ())
    for limits in run.params.limits:
        prompts.check(run.wildcards.policy, found, Training.model_validate(limits), run.params.section)
    asked = {"training": found, "train": found[found["split"] == "train"]}
    if leaving := [limits for limits in run.params.limits if limits["overlong_prompts"] == "leave_out"]:
        longest = max(prompts.limit(Training.model_validate(limits), found) for limits in leaving)
        asked["training"] = found[found["tokens"] <= longest]
    if run.input.test:
        tested = parquet.read_all(run.input.test, parquet.QUERIES)
        asked["test"] = prompts.lengths(run.input.policy, {"test": tested})
    positions = context(json.loads((Path(run.input.policy) / "config.json").read_text(encoding="utf-8")))
    for room in snakemake.resources.rooms.split():
        split, section, answers, length = room.split(":")
        prompts.check_room(
            run.wildcards.policy,
            asked.get(split, found[:0]),
            section.replace(".", ": "),
            int(answers),
            positions,
            int(length) or None,
        )
    parquet.write(found, run.output[0], prompts.PROMPTS)
