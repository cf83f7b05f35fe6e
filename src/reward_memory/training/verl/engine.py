"""verl's FSDP2 engine, extended to return layer logits, and the trainer's side: positions in, logits out.

The only input is one field of each sample, the only output another; both travel like all of verl's fields. Importing
this module registers the engine, so a verl process has it as soon as its plugin imports a trainer that uses it.
Without positions in the batch, and without a seed for the loss's draws, the engine works exactly like verl's.
"""

import numpy as np
import torch
import transfer_queue as tq
from tensordict import TensorDict
from transfer_queue import KVBatchMeta
from verl.utils import tensordict_utils as tu
from verl.utils.device import get_device_id
from verl.workers.engine.base import EngineRegistry
from verl.workers.engine.fsdp.transformer_impl import FSDPEngineWithLMHead

from .layer_logits import Capture, locate
from .loss_draws import LossDraws

#: (1,) int64 per sample: index of a token in prompt and response without padding, -1 for none.
POSITION = "answer_position"
#: (L,) float32 per sample: NaN if it has no position.
LOGITS = "layer_logits"


# verl's engine is registered for "cuda" of any vendor; "generic" is our platform "cpu" with VERL_ENGINE_DEVICE=cuda
@EngineRegistry.register(model_type="language_model", backend="fsdp2", device="cuda", vendor=["nvidia", "generic"])
class LayerLogitsEngine(FSDPEngineWithLMHead):
    """verl's engine that adds LOGITS to the output of a forward-only pass if the samples have POSITION."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._draws = LossDraws()

    def forward_step(self, micro_batch: TensorDict, loss_function, forward_only: bool):
        if not forward_only:
            self._draws.seed(micro_batch, self.get_data_parallel_rank())
        # a reference model gets the same samples and would overwrite the policy's logits
        if not forward_only or self.engine_config.forward_only or POSITION not in micro_batch:
            return super().forward_step(micro_batch, loss_function, forward_only)
        self._check(micro_batch)
        ids, positions = micro_batch["input_ids"], micro_batch[POSITION]
        # the queue returns (n, 1) as a nested tensor
        positions = (positions.values() if positions.is_nested else positions).reshape(-1)
        packed = tu.get_non_tensor_data(data=micro_batch, key="use_remove_padding", default=True)
        held, rows, tokens = locate(positions, ids.values(), ids.offsets(), packed)
        device = get_device_id()
        with Capture(self.module, rows.to(device), tokens.to(device)) as capture:
            loss, output = super().forward_step(micro_batch, loss_function, forward_only)
        logits = capture.logits.new_full((len(positions), capture.logits.shape[1]), torch.nan)
        logits[held.to(device)] = capture.logits
        output["model_output"][LOGITS] = torch.nested.as_nested_tensor(list(logits), layout=torch.jagged)
        return loss, output

    def _check(self, micro_batch: TensorDict) -> None:
        if tu.get_non_tensor_data(data=micro_batch, key="use_fused_kernels", default=False):
            raise RuntimeError("layer logits need actor_rollout_ref.model.use_fused_kernels=false: lm_head must run")
        if self.use_ulysses_sp:
            raise RuntimeError("layer logits need ulysses_sequence_parallel_size=1: a rank must see complete sequences")


def put_positions(batch: KVBatchMeta, positions: np.ndarray) -> None:
    """Request the layer logits of a batch; call this in `_compute_old_log_prob` before verl's method.

    positions  (n,) of token p in each *response*, in the order of `batch.keys`, -1 for none. A response that ends
               at p has no token after it, so it gets no position either. verl's padding samples are responses of one
               token.

    verl must then run the policy's log-prob pass, which it skips if `algorithm.rollout_correction.bypass_mode` is
    true, as in our CPU runs. Set it to false; `old_log_probs` then come from the same pass. (Starting the pass from
    here in bypass mode would cost the same and leave the policy's own log-probabilities unused.)

    ValueError if a position lies outside its response.
    """
    tokens = tq.kv_batch_get(keys=batch.keys, partition_id=batch.partition_id, select_fields=["prompts", "responses"])
    prompts, responses = (tokens[name].offsets().diff() for name in ("prompts", "responses"))
    wanted = torch.as_tensor(positions, dtype=torch.int64)
    wrong = (wanted < -1) | (wanted >= responses)
    if wrong.any():
        row = int(wrong.nonzero()[0])
        raise ValueError(f"response {batch.keys[row]} of {int(responses[row])} tokens has no token {int(wanted[row])}")
    wanted = torch.where((wanted >= 0) & (wanted + 1 < responses), prompts + wanted, -1)
    # (n, 1): one row per sample, like verl's other fields
    fields = TensorDict({POSITION: wanted[:, None]}, batch_size=len(batch))
    tq.kv_batch_put(keys=batch.keys, partition_id=batch.partition_id, fields=fields)


def read_layer_logits(batch: KVBatchMeta) -> np.ndarray:
    """(n, L) float32 in the order of `batch.keys`, NaN rows without a position; call it after verl's log-prob pass.

    RuntimeError if no such pass has run.
    """
    try:
        logits = tq.kv_batch_get(keys=batch.keys, partition_id=batch.partition_id, select_fields=[LOGITS])[LOGITS]
    except (KeyError, ValueError) as error:
        raise RuntimeError(
            "the policy's log-prob pass gave no layer logits: algorithm.rollout_correction.bypass_mode must be false "
            "and actor_rollout_ref.actor.strategy fsdp2"
        ) from error
    # numpy has no bfloat16, which the pass may return
    return torch.stack(list(logits.unbind())).float().numpy()
