"""Train one policy with verl."""

from pathlib import Path

from reward_memory.jobs.gpus import check_driver, given
from reward_memory.jobs.job import job
from reward_memory.settings import ErrorMemory, RewardModel, Training
from reward_memory.storage import parquet
from reward_memory.training import prompts
from reward_memory.training.history import outcome
from reward_memory.training.launch import train
from reward_memory.training.objectives.predicted import Fitted, FromPrediction
from reward_memory.training.overrides import Run
from reward_memory.training.trackers import Trackers

with job(snakemake, lasting="train_policy") as run:
    nodes = int(snakemake.resources.get("nodes", 1))
    given(run.gpus, nodes)
    check_driver(run.gpus)
    reward_model = Path(run.input.reward_model[0]).parent.resolve() if run.input.reward_model else None
    counted = parquet.read(run.input.prompts, prompts.PROMPTS)
    training = Training.model_validate(run.params.training)
    memory, predicted, refit = (run.params[name] for name in ("error_memory", "predicted_rewards", "refit"))
    most = prompts.limit(training, counted)
    train_rows, valid_rows = (
        prompts.fitting_rows(Path(path).resolve(), counted, most, run.state.resolve())
        for path in (run.input.train, run.input.valid)
    )
    train(
        training.model_copy(update={"max_prompt_tokens": most}),
        Run(
            policy=Path(run.input.policy).resolve(),
            train=train_rows,
            valid=valid_rows,
            reward_model=reward_model,
            state=run.state.resolve(),
            seed=run.seed,
            gpus=run.gpus,
            nodes=nodes,
            checks=run.params.grading["checks"],
            threads=snakemake.threads,
            error_memory=None if memory is None else ErrorMemory.model_validate(memory),
            predicted_rewards=None if predicted is None else FromPrediction.of(predicted),
            fitted=None
            if refit is None
            else Fitted(
                *(Path(path).resolve() for path in run.input.fitted), settings=RewardModel.model_validate(refit)
            ),
            trackers=Trackers.of(
                snakemake.resources.trackers.split(), Path(run.params.state).parent / "trackers", run.names
            ),
        ),
        run.params.grading["isolation"],
        Path(run.output.policy).parent,
        {"policy": run.input.policy, "train": run.input.train, "valid": run.input.valid},
        run.names,
    )
    run.result(outcome(Path(run.output.policy).parent / "history.csv"))
