"""The engine with the real vLLM, on the CPU; docs/vllm_on_cpu.md has the environment and the command."""

from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from reward_memory.errors import InputError
from reward_memory.generation.engine import load, sample_responses
from reward_memory.generation.interface import Engine
from reward_memory.generation.vllm_engine import VllmEngine
from reward_memory.settings import Bootstrap, Sampling
from reward_memory.storage import parquet

pytest.importorskip(
    "vllm", reason="vLLM is not installed; docs/vllm_on_cpu.md has the environment that these tests need"
)
pytestmark = pytest.mark.slow

GREEDY = Sampling(samples_per_query=1, temperature=0.0, max_new_tokens=32)
DRAWN = Sampling(samples_per_query=4, temperature=1.0, top_p=0.95, max_new_tokens=32)


@pytest.fixture(scope="module")
def policy(tmp_path_factory) -> Path:
    """A policy that knows the format and little else; its heads have 32 dimensions, the least that vLLM's CPU has."""
    from reward_memory.policies.bootstrap.pretraining import bootstrap

    folder = tmp_path_factory.mktemp("policy") / "tiny"
    bootstrap(folder, Bootstrap(hidden_size=64, num_hidden_layers=2, steps=150, seed=0))
    return folder


@pytest.fixture(scope="module", autouse=True)
def small_cache():
    patch = pytest.MonkeyPatch()
    patch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")  # GiB
    patch.setenv("OMP_NUM_THREADS", "1")
    yield
    patch.undo()


@pytest.fixture(scope="module")
def engine(policy, small_cache):
    with load(policy, Sampling(engine="vllm", enforce_eager=True)) as engine:
        yield engine


@pytest.fixture(scope="module")
def queries() -> pd.DataFrame:
    texts = [f"Tom has {a} apples and buys {b} more. How many are there?" for a in (2, 17, 30) for b in (3, 8)]
    return pd.DataFrame(
        {
            "id": [f"gsm8k/{number}" for number in range(len(texts))],
            "benchmark": "gsm8k",
            "domain": "math",
            "messages": [[{"role": "user", "content": text}] for text in texts],
        }
    )


class Counting(Engine):
    """An engine that counts what it is asked for."""

    def __init__(self, engine: Engine):
        self.engine, self.asked = engine, 0

    def generate(self, prompts, seeds, sampling):
        self.asked += len(prompts)
        return self.engine.generate(prompts, seeds, sampling)

    def close(self):
        self.engine.close()


def test_one_seed_gives_the_same_responses_and_another_others(engine, queries):
    first, again, other = (sample_responses(engine, queries, DRAWN, seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert (first["text"] == other["text"]).mean() < 0.5


def test_the_samples_of_a_query_differ(engine, queries):
    assert sample_responses(engine, queries, DRAWN, 1).groupby("query_id")["text"].nunique().gt(1).any()


def test_greedy_responses_are_those_of_transformers(engine, policy, queries):
    ours = sample_responses(engine, queries, GREEDY, 0)
    pd.testing.assert_frame_equal(ours, sample_responses(load(policy, Sampling()), queries, GREEDY, 0))
    assert ours["finished"].any()


def test_temperature_and_nucleus_are_those_of_transformers(engine, policy, queries):
    """Shares of the first tokens of 2,000 draws; their standard error is at most 0.011."""
    drawn = Sampling(samples_per_query=2000, temperature=1.3, top_p=0.8, max_new_tokens=1)
    shares = []
    for one in (engine, load(policy, Sampling())):
        texts = sample_responses(one, queries[:1], drawn, 5)["text"]
        shares.append({text: count / len(texts) for text, count in Counter(texts).items()})
    assert len(shares[0]) > 1
    for text in shares[0].keys() | shares[1].keys():
        assert shares[0].get(text, 0) == pytest.approx(shares[1].get(text, 0), abs=0.06)


def test_only_the_lost_shard_is_sampled_again(engine, queries, tmp_path):
    whole = sample_responses(engine, queries, DRAWN, 3, state=tmp_path, shard=5)
    shards = sorted(tmp_path.glob("*.parquet"))
    assert len(shards) == 5
    lost = parquet.read(shards[2], parquet.RESPONSES)
    shards[2].unlink()
    counting = Counting(engine)
    resumed = sample_responses(counting, queries, DRAWN, 3, state=tmp_path, shard=5)
    assert counting.asked == len(lost)
    pd.testing.assert_frame_equal(resumed, whole, check_dtype=False)


def test_two_processes_give_the_table_of_one(engine, policy, queries):
    with VllmEngine(policy, Sampling(enforce_eager=True), processes=2) as two:
        assert two.concurrency == 2
        theirs = sample_responses(two, queries, DRAWN, 3, shard=5)
    pd.testing.assert_frame_equal(theirs, sample_responses(engine, queries, DRAWN, 3, shard=5))


def test_a_response_that_could_not_fit_is_refused_before_it_is_begun(policy):
    with (
        load(policy, Sampling(engine="vllm", enforce_eager=True, max_model_len=40)) as short,
        pytest.raises(InputError, match=r"max_model_len: 40 tokens are too few"),
    ):
        short.generate([[{"role": "user", "content": "How many?"}]], [1], GREEDY)


def test_vllm_takes_the_arguments_that_are_made_for_it():
    from vllm import SamplingParams
    from vllm.engine.arg_utils import EngineArgs

    from reward_memory.generation.vllm_engine import sampling_arguments

    SamplingParams(**sampling_arguments(DRAWN), seed=1, stop_token_ids=[0], ignore_eos=True, detokenize=False)
    EngineArgs(
        model="policy",
        dtype="bfloat16",
        generation_config="vllm",
        tensor_parallel_size=2,
        gpu_memory_utilization=0.9,
        max_model_len=None,
        max_num_seqs=256,
        enforce_eager=False,
    )
