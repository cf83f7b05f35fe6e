"""verl's agent loop manager for a machine without GPUs: a batch of prompts in, a batch of responses out.

verl's workers run one coroutine per response, each with separate calls to a load balancer, a server and the queue. For
a small policy that costs more than sampling (perf/training.md). Here the trainer's process calls the servers once per
batch and puts all responses into the queue at once. Seeds, prompts and rewards are those of `verl.agent_loop`.
"""

from typing import Any

import ray
import torch
import transfer_queue as tq
from tensordict import NonTensorData, NonTensorStack, TensorDict
from verl.experimental.agent_loop.agent_loop import AgentLoopOutput, DictConfigWrap
from verl.utils.config import omega_conf_to_dataclass
from verl.utils.dataset.rl_dataset import get_dataset_class
from verl.utils.model import compute_position_id_with_mask
from verl.utils.tensordict_utils import list_of_dict_to_tensordict
from verl.workers.rollout.replica import TokenOutput

from ..verl.agent_loop import SeededAgentLoop
from .rollout import BATCH, Request, server_name


class BatchedAgentLoops:
    """Value of `actor_rollout_ref.rollout.agent.agent_loop_manager_class`; verl's TaskRunnerV1 creates and calls it."""

    @classmethod
    def create(cls, config, **handles) -> "BatchedAgentLoops":
        """Create the manager from verl's complete configuration; `handles` are for processes that do not exist here."""
        return cls(config)

    def __init__(self, config):
        self.rollout = config.actor_rollout_ref.rollout
        model = omega_conf_to_dataclass(config.actor_rollout_ref.model)
        self.loop = SeededAgentLoop(
            trainer_config=DictConfigWrap(config),
            server_manager=None,
            tokenizer=model.tokenizer,
            processor=None,
            dataset_cls=get_dataset_class(config.data),
            data_config=DictConfigWrap(config.data),
            hf_model_type=model.hf_config.model_type,
        )
        ranks = config.trainer.nnodes * config.trainer.n_gpus_per_node
        self.servers = [ray.get_actor(server_name(rank)) for rank in range(ranks)]

    def generate_sequences(self, prompts: TensorDict) -> None:
        """Sample all responses to a batch of the data loader and put them into the queue, with rewards in validation.

        prompts  (queries,) with raw_prompt, uid, extra_info, global_steps and whatever else the rows contain

        Errors in sampling or grading are passed on and end the training.
        """
        rows = [_row(prompts, place) for place in range(len(prompts))]
        validate = bool(rows[0].pop("validate", False))
        for row in rows[1:]:
            row.pop("validate", None)
        samples = self.rollout.val_kwargs.n if validate else self.rollout.n
        build = self.loop.continuous_token_builder.build_initial_tokens
        wanted = []
        for row in rows:
            tokens = list(build(list(row["raw_prompt"])))
            if len(tokens) > self.rollout.prompt_length:
                raise ValueError(f"a prompt of {len(tokens)} tokens is longer than {self.rollout.prompt_length}")
            wanted += [(row | {"session_id": sample}, tokens) for sample in range(samples)]
        requests = [Request(tokens, self.loop.seed(row, row["session_id"])) for row, tokens in wanted]
        sampled = self._sample(requests, self.rollout.val_kwargs if validate else self.rollout)
        outputs = [self._rewarded(row, tokens, one) for (row, tokens), one in zip(wanted, sampled, strict=True)]
        partition = "val" if validate else "train"
        tq.kv_batch_put(
            keys=[f"{row['uid']}_{row['session_id']}_0" for row, _ in wanted],
            partition_id=partition,
            fields=list_of_dict_to_tensordict(
                [_fields(row, output) for (row, _), output in zip(wanted, outputs, strict=True)]
            ),
            tags=[_tag(row, output) for (row, _), output in zip(wanted, outputs, strict=True)],
        )
        # the groups are complete
        finished = [{"status": "finished"} for _ in rows]
        tq.kv_batch_put(keys=[row["uid"] for row in rows], partition_id=partition, tags=finished)

    def _sample(self, requests: list[Request], sampling: Any) -> list[TokenOutput]:
        """Responses in the order of the requests; which ones are decoded together does not depend on that order."""
        order = sorted(range(len(requests)), key=lambda place: requests[place].place)
        parts = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
        pending = [
            self.servers[number % len(self.servers)].generate.remote(
                [requests[place] for place in part],
                float(sampling.temperature),
                float(sampling.top_p),
                bool(self.rollout.calculate_log_probs),
            )
            for number, part in enumerate(parts)
        ]
        results: list[TokenOutput | None] = [None] * len(requests)
        for part, outputs in zip(parts, ray.get(pending), strict=True):
            for place, output in zip(part, outputs, strict=True):
                results[place] = output
        return results

    def _rewarded(self, row: dict[str, Any], prompt: list[int], sampled: TokenOutput) -> AgentLoopOutput:
        step = sampled.extra_fields["global_steps"]
        extra = {"min_global_steps": step, "max_global_steps": step, "turn_scores": [], "tool_rewards": []}
        output = AgentLoopOutput(
            prompt_ids=prompt,
            response_ids=sampled.token_ids,
            response_mask=[1] * len(sampled.token_ids),
            response_logprobs=sampled.log_probs,
            num_turns=2,
            metrics={"num_preempted": sampled.num_preempted},
            extra_fields=sampled.extra_fields | extra,
        )
        self.loop.reward(output, row)
        return output


def _row(prompts: TensorDict, place: int) -> dict[str, Any]:
    """One row of a batch, extracted as in verl's AgentLoopWorkerTQ."""
    row = {}
    for name, values in prompts.items():
        if isinstance(values, NonTensorStack):
            row[name] = values[place].data
        else:
            row[name] = values.data if isinstance(values, NonTensorData) else values[place]
    return row


def _fields(row: dict[str, Any], output: AgentLoopOutput) -> dict[str, Any]:
    """Fields of a response for the trainer: those that verl's AgentLoopWorkerTQ writes for text."""
    fields = output.as_dict() | row
    ids = torch.cat([fields["prompts"], fields["responses"]])
    positions = compute_position_id_with_mask(torch.ones_like(ids)[None])[0]
    more = {"loss_mask": fields["response_mask"], "input_ids": ids, "position_ids": positions, "multi_modal_inputs": {}}
    return fields | more


def _tag(row: dict[str, Any], output: AgentLoopOutput) -> dict[str, Any]:
    prompt, response = len(output.prompt_ids), len(output.response_ids)
    return {
        "status": "success",
        "prompt_len": prompt,
        "response_len": response,
        "seq_len": prompt + response,
        "global_steps": row["global_steps"],
        "min_global_steps": output.extra_fields["min_global_steps"],
        "max_global_steps": output.extra_fields["max_global_steps"],
    }
