"""verl's single-turn agent loop with a separate seed for every response."""

import asyncio
from collections.abc import Callable
from typing import Any

from verl.experimental.agent_loop.agent_loop import AgentLoopOutput
from verl.experimental.agent_loop.single_turn_agent_loop import SingleTurnAgentLoop
from verl.trainer.ppo.reward import get_custom_reward_fn

from reward_memory.seeds import derive

_loaded: list[Callable[..., dict[str, float]]] = []


def _reward_function(config: Any) -> Callable[..., dict[str, float]]:
    """`reward.custom_reward_function` as verl loads it, once per process: verl creates an agent loop per response."""
    if not _loaded:
        _loaded.append(get_custom_reward_fn(config))
    return _loaded[0]


class SeededAgentLoop(SingleTurnAgentLoop):
    """Agent loop: draws depend on (seed, step, query, sample, generation batch), not on batching, timing or a resume.

    Both vLLM and the CPU rollout server accept `seed` as a sampling parameter of each request.
    """

    async def run(self, sampling_params: dict[str, Any], priority: int = 0, **kwargs) -> AgentLoopOutput:
        seed = self.seed(kwargs, int(kwargs["session_id"]))
        output = await super().run({**sampling_params, "seed": seed}, priority, **kwargs)
        await asyncio.to_thread(self.reward, output, kwargs)
        return output

    def seed(self, row: dict[str, Any], sample: int) -> int:
        """Seed of one response to a row of the data loader's batch; `sample` numbers the query's responses from 0."""
        query, generation = row["extra_info"], int(row.get("generation", 1))
        suffix = (generation,) if generation > 1 else ()
        return derive(self.rollout_config.seed, query["split"], int(row["global_steps"]), query["id"], sample, *suffix)

    def reward(self, output: AgentLoopOutput, row: dict[str, Any]) -> None:
        """Score a validation response here: verl's reward workers would be processes of half a gigabyte each.

        A training response gets a placeholder, since the trainer scores the complete batch.
        """
        if row["extra_info"]["split"] == "train":
            output.reward_score = 0.0
            return
        verdict = _reward_function(self.config)(
            data_source=row["data_source"],
            solution_str=self.tokenizer.decode(output.response_ids, skip_special_tokens=True),
            ground_truth=row["reward_model"]["ground_truth"],
            extra_info=row["extra_info"],
        )
        output.reward_score = verdict["score"]
        output.extra_fields["reward_extra_info"] = verdict
