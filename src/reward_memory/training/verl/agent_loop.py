"""verl's single-turn agent loop with a seed of its own for every response."""

import asyncio
from collections.abc import Callable
from typing import Any

from verl.experimental.agent_loop.agent_loop import AgentLoopOutput
from verl.experimental.agent_loop.single_turn_agent_loop import SingleTurnAgentLoop
from verl.trainer.ppo.reward import get_custom_reward_fn

from reward_memory.seeds import derive

#: Name of the rollout server in training.cpu, which no GPU run imports.
CPU_ROLLOUT = "transformers"
_loaded: list[Callable[..., dict[str, float]]] = []


def _reward_function(config: Any) -> Callable[..., dict[str, float]]:
    """`reward.custom_reward_function` as verl loads it, once a process: verl makes an agent loop a response."""
    if not _loaded:
        _loaded.append(get_custom_reward_fn(config))
    return _loaded[0]


class SeededAgentLoop(SingleTurnAgentLoop):
    """Draws depend on (seed, step, query, sample, generation batch), not on the batching, the timing or a resume.

    Both vLLM and the CPU rollout server take `seed` as a sampling parameter of one request.
    """

    async def run(self, sampling_params: dict[str, Any], priority: int = 0, **kwargs) -> AgentLoopOutput:
        query = kwargs["extra_info"]
        step, sample = int(kwargs["global_steps"]), int(kwargs["session_id"])
        again = int(kwargs.get("generation", 1))
        more = (again,) if again > 1 else ()
        seed = derive(self.rollout_config.seed, query["split"], step, query["id"], sample, *more)
        sampling_params = {**sampling_params, "seed": seed}
        if self.rollout_config.name == CPU_ROLLOUT:
            sampling_params["wave"] = self._wave(query["split"])
        output = await super().run(sampling_params, priority, **kwargs)
        if query["split"] == "train":
            output.reward_score = 0.0  # a place-holder: the trainer scores the whole batch
        else:
            verdict = await asyncio.to_thread(self._verify, output.response_ids, kwargs)
            output.reward_score = verdict["score"]
            output.extra_fields["reward_extra_info"] = verdict
        return output

    def _verify(self, response: list[int], row: dict[str, Any]) -> dict[str, float]:
        """Score a validation response here: verl's reward workers are processes of half a gigabyte each."""
        return _reward_function(self.config)(
            data_source=row["data_source"],
            solution_str=self.tokenizer.decode(response, skip_special_tokens=True),
            ground_truth=row["reward_model"]["ground_truth"],
            extra_info=row["extra_info"],
        )

    def _wave(self, split: str) -> int:
        """Responses that are asked for together, so that the CPU server can batch them whole."""
        if split == "valid":
            return self.config.trainer.v1.reward_memory.valid_rows * self.rollout_config.val_kwargs.n
        return self.data_config.train_batch_size * self.rollout_config.n
