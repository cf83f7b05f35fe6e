"""verl's synchronous trainer with memory: predicted rewards for unlabeled queries, penalties on repeated failures."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch
import transfer_queue as tq
from omegaconf import OmegaConf
from tensordict import TensorDict
from transfer_queue import KVBatchMeta
from verl.trainer.ppo.v1.trainer_base import register_trainer
from verl.trainer.ppo.v1.trainer_sync import PPOTrainerSync
from verl.utils import tensordict_utils as tu

from reward_memory.errors import InputError
from reward_memory.seeds import derive
from reward_memory.settings import ErrorMemory
from reward_memory.storage import parquet
from reward_memory.verifiers import Grader

from ..checkpoints import responses_of, seal
from ..objectives.dynamic_sampling import DynamicSampling, Scored
from ..objectives.error_penalty import RepeatedErrors
from ..objectives.overlong import overlong_penalty
from ..objectives.predicted import Fitted, FromPrediction
from ..objectives.refit import Refit
from ..objectives.rewards import TRAPO, Sampled, Scorer, summary
from ..objectives.trapo import Selection
from ..responses import STEP_RESPONSES, Response, frame
from . import advantages  # noqa: F401  registers our estimators
from .engine import put_positions, read_layer_logits
from .entropy_bonus import EntropyBonus
from .loss_draws import SEED


@register_trainer("reward_memory")
class RewardMemoryTrainer(EntropyBonus, PPOTrainerSync):
    """Trainer that scores the complete batch between sampling and the update (verl.trainer.ppo.v1.trainer_sync).

    Rows never carry a truth that their label routing hides, so nothing in this process could read it (see `Scorer`).
    The error memory decides by the training reward, predicted or verified, whether a response is wrong.
    """

    def __init__(self, config):
        super().__init__(config)
        self.settings = settings = config.trainer.v1.reward_memory
        self.entropy_coefficient = settings.entropy_bonus
        if config.trainer.device == "cuda":
            # Ray limits this process to one thread, but everything else waits while it embeds and scores
            torch.set_num_threads(settings.workers)
        grader = Grader(isolation=settings.isolation, workers=settings.workers, checks=settings.checks)
        self._predicted = FromPrediction.of(settings.predicted_rewards)
        self._scorer = Scorer(grader, settings.reward_model, settings.unlabeled_rewards, settings.ties, self._predicted)
        self._refit: Refit | None = None
        if settings.fitted is not None:
            run, seed = Path(settings.responses).parent, config.actor_rollout_ref.rollout.seed
            fitted = Fitted.of(OmegaConf.to_container(settings.fitted))
            self._refit = Refit(run, self._predicted.refit, fitted, seed)
        self._selection: Selection | None = None
        if settings.unlabeled_rewards == TRAPO:
            trapo = {key: settings.trapo[key] for key in ("warm_up", "share", "threshold")}
            self._selection = Selection(Path(settings.responses).parent, config.trainer.total_training_steps, **trapo)
        self._error_memory = (
            None if settings.error_memory is None else ErrorMemory.model_validate(dict(settings.error_memory))
        )
        self._repeated: RepeatedErrors | None = None
        self._responses: dict[str, Response] = {}  # of the step, by key in the queue
        self._fallbacks = 0
        self._generation = 1
        self._idle = False  # whether the step trains on nothing

    def _init_dataloader(self):
        """Stop if verl drops a row that was counted as fitting: no training query is lost silently."""
        super()._init_dataloader()
        files = self.config.data
        for file, rows in ((files.train_files, self.train_dataset), (files.val_files, self.val_dataset)):
            expected = pq.read_metadata(file).num_rows
            if len(rows) != expected:
                raise InputError(
                    f"{file}: verl keeps {len(rows)} of its {expected} queries at max_prompt_tokens: "
                    f"{files.max_prompt_length}; raise that, or remove from `verl` what changes prompts or rows."
                )

    def _build_replay_buffer(self):
        # trainer.v1.trainer_mode has our trainer's name; everywhere else verl must treat it as synchronous
        self.trainer_mode = "sync"
        buffer = super()._build_replay_buffer()
        settings = self.config.trainer.v1.reward_memory
        # verl polls every 2 s, longer than a small policy takes to sample
        buffer.poll_interval = settings.poll_interval
        rollout, sample = self.config.actor_rollout_ref.rollout, buffer.sample

        def complete_sample(global_steps: int, partition_id: str, batch_size: int, **kwargs):
            batch, metrics = sample(
                global_steps=global_steps, partition_id=partition_id, batch_size=batch_size, **kwargs
            )
            expected = batch_size * (rollout.n if partition_id == "train" else rollout.val_kwargs.n)
            if len(batch) != expected:
                raise RuntimeError(
                    f"step {global_steps}: {expected - len(batch)} of {expected} responses failed while they were "
                    "sampled or graded; the errors are above"
                )
            return batch, metrics

        # after errors, also of the reward function, verl continues with the remaining responses of a step
        buffer.sample = complete_sample
        if settings.generation_batches:
            buffer.sample = DynamicSampling(
                complete_sample, self._sample_more, self._score, self._let_go, settings.generation_batches, rollout.seed
            )
        return buffer

    def _sample_more(self, number: int) -> None:
        self._generation = number
        self._add_batch_to_generate()

    def _next_train_batch(self, *args, **kwargs):
        batch = super()._next_train_batch(*args, **kwargs)
        # a query that is drawn again in a step must not get the same responses
        tu.assign_non_tensor_data(batch, "generation", self._generation)
        return batch

    @staticmethod
    def _let_go(keys: list[str]) -> None:
        tq.kv_clear(keys=keys, partition_id="train")

    def _balance_batch(self, batch: KVBatchMeta, metrics: dict, *args, **kwargs) -> KVBatchMeta:
        """Score the batch; first hook after sampling. `_validate` skips it, so validation keeps verified rewards."""
        if not self._responses:
            self._score(batch)
        batch = self._leave_out(batch, metrics)
        self._sort(batch)
        rows = [self._responses[key] for key in batch.keys]
        rewards, probabilities = (np.array([getattr(row, name) for row in rows]) for name in ("reward", "probability"))
        metrics.update(summary(rewards, probabilities))
        metrics["reward/fallbacks"] = float(self._fallbacks)
        metrics["reward/sampled"] = float(len(self._responses))
        metrics["reward/sampled_tokens"] = float(sum(len(response.ids) for response in self._responses.values()))
        self._score_lengths(rows, metrics)
        self._put_scores(batch)
        if self._error_memory is None:
            self._keep(batch)
        self._generation = 1
        with self._trained_group():
            return super()._balance_batch(batch, metrics, *args, **kwargs)

    def _compute_old_log_prob(self, batch: KVBatchMeta, metrics: dict) -> KVBatchMeta:
        """With an error memory, get the layer logits from this pass and lower the scores of repeated failures."""
        if self._error_memory is None:
            return super()._compute_old_log_prob(batch, metrics)
        if self._repeated is None:
            self._repeated = RepeatedErrors(
                self.settings.error_memory_folder,
                self._error_memory,
                self.tokenizer,
                self.config.trainer.save_freq,
                self.settings.workers,
                self._predicted.cut,
            )
        rows = [self._responses.get(key) for key in batch.keys]  # verl adds padding rows to a batch
        reads = self._repeated.reads_layers
        if reads:
            put_positions(batch, self._repeated.positions(rows))
        batch = super()._compute_old_log_prob(batch, metrics)
        logits = read_layer_logits(batch) if reads else None
        metrics.update(self._repeated.penalize(self.global_steps, rows, logits))
        self._put_scores(batch)
        self._keep(batch)
        return batch

    def _update_actor(self, batch: KVBatchMeta, metrics: dict) -> KVBatchMeta:
        batch.extra_info[SEED] = derive(self.config.actor_rollout_ref.rollout.seed, "loss", self.global_steps)
        with self._trained_group():
            return super()._update_actor(batch, metrics)

    @contextmanager
    def _trained_group(self) -> Iterator[None]:
        """Exclude responses that only voted from rollout.n, by which verl counts the responses per query."""
        rollout = self.config.actor_rollout_ref.rollout
        sampled, rollout.n = rollout.n, self.settings.trained_samples
        try:
            yield
        finally:
            rollout.n = sampled

    def _leave_out(self, batch: KVBatchMeta, metrics: dict) -> KVBatchMeta:
        """Drop responses that only voted, and queries that TRAPO does not select.

        If no query is selected, all queries stay in the batch with a score of 0, which gives them no advantage.
        """
        trained = {
            key: one for key in batch.keys if (one := self._responses[key]).sample < self.settings.trained_samples
        }
        kept = list(trained)
        if self._selection is not None:
            chosen, counts = self._selection.choose(self.global_steps, [self._responses[key] for key in batch.keys])
            metrics.update(counts)
            kept = [key for key in kept if trained[key].query in chosen]
        self._idle = not kept
        left = set(batch.keys).difference(kept or trained)
        if left:
            self._let_go(sorted(left))
            batch = batch.select_keys(kept or list(trained))
        return batch

    def _save_checkpoint(self) -> None:
        super()._save_checkpoint()
        seal(Path(self.config.trainer.default_local_dir), self.global_steps)

    def _sort(self, batch: KVBatchMeta) -> None:
        """Order rows by query, batch and sample: verl's order follows random keys, and float sums depend on it."""
        rows = [self._responses[key] for key in batch.keys]
        batch.reorder(sorted(range(len(rows)), key=lambda row: (rows[row].query, rows[row].batch, rows[row].sample)))

    def _score(self, batch: KVBatchMeta) -> Scored:
        """Reward the responses of one generation batch and keep them until the step is over."""
        fields = ["responses", "extra_info", "reward_model", "raw_prompt"]
        rows = tq.kv_batch_get(keys=batch.keys, partition_id=batch.partition_id, select_fields=fields)
        tokens = [ids.tolist() for ids in rows["responses"].unbind()]
        texts = [self.tokenizer.decode(ids, skip_special_tokens=True) for ids in tokens]
        infos, prompts = list(rows["extra_info"]), list(rows["raw_prompt"])
        truths = [truth["ground_truth"] for truth in rows["reward_model"]]
        samples = [int(key.rsplit("_", 2)[1]) for key in batch.keys]
        order = sorted(range(len(infos)), key=lambda row: (infos[row]["id"], samples[row]))
        if self._refit is not None:
            self._scorer.reward_model = self._refit.model(self.global_steps, self._scorer.reward_model)
        scored = self._scorer.score(
            [
                Sampled(
                    infos[row]["id"],
                    prompts[row],
                    infos[row]["domain"],
                    texts[row],
                    truths[row],
                    infos[row].get("fallback"),
                )
                for row in order
            ]
        )
        self._fallbacks += scored.fallbacks
        rewards = np.empty(len(order))
        for place, row in enumerate(order):
            rewards[row] = scored.rewards[place]
            self._responses[batch.keys[row]] = Response(
                infos[row]["id"],
                samples[row],
                self._generation,
                texts[row],
                tokens[row],
                float(scored.rewards[place]),
                float(scored.probabilities[place]),
                domain=infos[row]["domain"],
            )
        return Scored([info["id"] for info in infos], self._predicted.comparison_values(rewards))

    def _score_lengths(self, rows: list[Response], metrics: dict) -> None:
        """Set the scores before any memory: rewards minus DAPO's penalty on long responses."""
        penalties = np.zeros(len(rows))
        if self.settings.overlong_buffer:
            lengths = np.array([len(row.ids) for row in rows])
            longest = self.config.data.max_response_length
            penalties = overlong_penalty(lengths, longest, self.settings.overlong_buffer, self.settings.overlong_factor)
            metrics["reward/overlong_penalty"] = float(penalties.mean())
        for row, penalty in zip(rows, penalties, strict=True):
            row.score = row.reward + float(penalty)

    def _put_scores(self, batch: KVBatchMeta) -> None:
        """Pass the scores to verl, each at its response's last token; padding rows keep theirs."""
        keys = [key for key in batch.keys if key in self._responses]
        scores = []
        for key in keys:
            row = torch.zeros(len(self._responses[key].ids))
            row[-1] = 0.0 if self._idle else self._responses[key].score
            scores.append(row)
        fields = TensorDict({"rm_scores": torch.nested.as_nested_tensor(scores, layout=torch.jagged)}, len(keys))
        tq.kv_batch_put(keys=keys, partition_id=batch.partition_id, fields=fields)

    def _keep(self, batch: KVBatchMeta) -> None:
        """Write the step's responses to a file, and clear them for the next step."""
        table = frame(self.global_steps, self._responses, set() if self._idle else set(batch.keys))
        path = responses_of(Path(self.settings.responses).parent, self.global_steps)
        parquet.write(table, path, STEP_RESPONSES, checked=True)
        self._responses, self._fallbacks = {}, 0
