"""The manager of agent loops on a CPU: what it refuses."""

from types import SimpleNamespace

import pytest


@pytest.mark.slow
def test_a_prompt_that_is_too_long_ends_the_training():
    # verl's own filter of long prompts is off on CPUs
    from verl.utils.tensordict_utils import list_of_dict_to_tensordict

    from reward_memory.training.cpu.agent_loops import BatchedAgentLoops

    loops = object.__new__(BatchedAgentLoops)
    loops.rollout = SimpleNamespace(n=1, prompt_length=3)
    builder = SimpleNamespace(build_initial_tokens=lambda messages: range(len(messages[0]["content"])))
    loops.loop = SimpleNamespace(continuous_token_builder=builder, seed=lambda row, sample: 0)
    loops._sample = lambda requests, sampling: pytest.fail("sampled")
    rows = [{"raw_prompt": [{"role": "user", "content": text}], "uid": text} for text in ("abc", "abcd")]
    with pytest.raises(ValueError, match="a prompt of 4 tokens is longer than 3"):
        loops.generate_sequences(list_of_dict_to_tensordict(rows))
