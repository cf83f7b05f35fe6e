"""GRPO advantages with `entropy_bonus` in verl's trainer.

verl passes only rewards, mask and group to a registered estimator (verl.trainer.ppo.ray_trainer.compute_advantage), and
never fetches entropies for it. They exist, since the pass for old log-probabilities leaves them in the transfer queue.
So the estimator is verl's `grpo`, and `EntropyBonus` adds to its output.
"""

import torch

from ..objectives.entropy_bonus import entropy_bonus

#: Field of the transfer queue that PPOTrainer._compute_old_log_prob writes: (response tokens,) per row, in nats.
ENTROPY = "entropy"


class EntropyBonus:
    """Mixin for a verl v1 trainer, left of it among the bases: adds `entropy_bonus` to the estimator's advantages.

    entropy_coefficient and entropy_share are `entropy_bonus`'s arguments; a coefficient of None leaves the advantages
    unchanged. The trainer sets the coefficient in its constructor. verl computes no entropy if
    algorithm.rollout_correction.bypass_mode is on, as in overrides.CPU.
    """

    entropy_coefficient: float | None = None
    entropy_share: float = 0.5

    def _compute_advantage(self, batch, metrics: dict):
        batch = super()._compute_advantage(batch, metrics)
        if self.entropy_coefficient is not None:
            self._add_bonus(batch, metrics)
        return batch

    def _add_bonus(self, batch, metrics: dict) -> None:
        import transfer_queue as tq
        from tensordict import TensorDict

        if self.config.algorithm.rollout_correction.bypass_mode:
            raise RuntimeError(
                "grpo-entropy needs the entropies of the pass for old log-probabilities, which "
                "algorithm.rollout_correction.bypass_mode leaves out; set it to false"
            )
        where = {"keys": batch.keys, "partition_id": batch.partition_id}
        rows = tq.kv_batch_get(**where, select_fields=["advantages", ENTROPY])
        before = list(rows["advantages"].unbind())
        bonus = [
            entropy_bonus(advantages, entropy, self.entropy_coefficient, self.entropy_share)
            for advantages, entropy in zip(before, rows[ENTROPY].unbind(), strict=True)
        ]
        after = torch.nested.as_nested_tensor(
            [advantages + added for advantages, added in zip(before, bonus, strict=True)], layout=torch.jagged
        )
        tq.kv_batch_put(**where, fields=TensorDict({"advantages": after}, batch_size=len(batch)))
        metrics["actor/entropy_bonus"] = float(torch.cat(bonus).mean())
