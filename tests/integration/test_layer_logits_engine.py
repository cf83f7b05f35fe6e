"""Layer logits out of verl's own engine, on one rank and on two, beside transformers' hidden states.

Run as a program with a folder, this file is one rank: verl reads its platform from the environment when it is imported.
"""

import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
import torch

VOCABULARY, HIDDEN, LAYERS = 263, 64, 3
MICRO_BATCH = 2
#: Lengths of prompt and response and the answer's position in the whole; the third micro-batch has none.
SAMPLES = [(4, 9, 8), (7, 3, -1), (2, 12, 2), (5, 5, 8), (6, 4, -1), (3, 11, -1), (4, 4, 6), (1, 14, 13)]
POLICIES, PADDINGS, BATCHINGS = ("tied", "untied"), ("padded", "packed"), ("fixed", "dynamic")
CASES = list(product(POLICIES, PADDINGS, BATCHINGS))

pytestmark = pytest.mark.long


def sequences() -> list[torch.Tensor]:
    draw = torch.Generator().manual_seed(0)
    return [torch.randint(3, VOCABULARY, (prompt + response,), generator=draw) for prompt, response, _ in SAMPLES]


def run(folder: Path, ranks: int, part: str = "cases") -> None:
    """Start this file once a rank."""
    environment = os.environ | {
        "WORLD_SIZE": str(ranks),
        "LOCAL_RANK": "0",
        "RAY_LOCAL_WORLD_SIZE": str(ranks),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": "0",
        "DIST_INIT_METHOD": f"file://{folder}/{part}{ranks}",
        "VERL_USE_EXTERNAL_MODULES": "reward_memory.training.cpu.plugin",
        "VERL_PLATFORM": "cpu",
        "VERL_ENGINE_DEVICE": "cuda",
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, __file__, part, str(folder)]
    logs = [folder / f"{part}{rank}of{ranks}.log" for rank in range(ranks)]
    processes = []
    try:
        for rank, log in enumerate(logs):
            with log.open("w") as file:
                processes.append(
                    subprocess.Popen(
                        command, env=environment | {"RANK": str(rank)}, stdout=file, stderr=subprocess.STDOUT
                    )
                )
        codes = [process.wait(900) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert not any(codes), "\n".join(log.read_text()[-3000:] for log in logs)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Two small policies whose layers differ: the bootstrap's initial blocks are the identity."""
    from transformers import Qwen2ForCausalLM

    from reward_memory.policies.bootstrap.architecture import new_model
    from reward_memory.policies.bootstrap.tokenizer import train_tokenizer
    from reward_memory.policies.snapshots import save

    folder = tmp_path_factory.mktemp("policies")
    tokenizer = train_tokenizer(0)
    for kind in POLICIES:
        config = new_model(tokenizer, HIDDEN, LAYERS, seed=0).config
        config.vocab_size, config.tie_word_embeddings = VOCABULARY, kind == "tied"
        torch.manual_seed(0)
        model = Qwen2ForCausalLM(config)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(torch.randn_like(parameter) * 0.1)
        save(model, tokenizer, folder / kind)
    return folder


@pytest.fixture(scope="module", params=[1, 2], ids=["one rank", "two ranks"])
def ranks(request, folder) -> list[dict]:
    run(folder, request.param)
    return [torch.load(folder / f"rank{rank}of{request.param}.pt") for rank in range(request.param)]


@pytest.fixture(scope="module")
def queued(folder) -> dict:
    """What a trainer gets through verl's queue from a policy on one rank."""
    run(folder, 1, "queue")
    return torch.load(folder / "queue.pt", weights_only=False)


@pytest.fixture(scope="module")
def expected(folder) -> dict[str, torch.Tensor]:
    """(n, L) of each policy, from `output_hidden_states` and lm_head, one sequence at a time."""
    from transformers import AutoModelForCausalLM

    found = {}
    for kind in POLICIES:
        model = AutoModelForCausalLM.from_pretrained(folder / kind, dtype=torch.float32).eval()
        found[kind] = torch.full((len(SAMPLES), LAYERS), torch.nan)
        for row, (ids, (_, _, place)) in enumerate(zip(sequences(), SAMPLES, strict=True)):
            if place >= 0:
                with torch.no_grad():
                    hidden = model(ids[None], output_hidden_states=True).hidden_states[1:]
                    found[kind][row] = torch.stack([model.lm_head(h[0, place])[ids[place + 1]] for h in hidden])
    return found


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_layer_logits_equal_transformers_and_are_nan_without_a_position(ranks, expected, case):
    found = torch.cat([rank[case]["logits"] for rank in ranks])
    reference = expected[case[0]]
    torch.testing.assert_close(found, reference, atol=1e-5, rtol=0, equal_nan=True)
    assert found.dtype == torch.float32
    assert reference.isnan().all(1).tolist() == [place < 0 for *_, place in SAMPLES]
    assert reference[~reference.isnan().any(1)].diff(dim=1).abs().min() > 1e-3, "equal layers would hide a mistake"


@pytest.mark.parametrize("case", CASES, ids="-".join)
@pytest.mark.parametrize("ranks", [2], ids=["two ranks"], indirect=True)
def test_every_micro_batch_gathers_the_head_once_and_positions_add_no_collective(ranks, case):
    rows = -(-VOCABULARY // 2) * 2  # the shards have equal sizes
    for rank in ranks:
        assert rank[case]["collectives"] == rank[case]["collectives without"]
        assert len(rank[case]["collectives"]) == len(SAMPLES) // 2 // MICRO_BATCH
        for collectives in rank[case]["collectives"]:
            assert {name for name, _ in collectives} == {"_allgather_base_.default"}
            sizes = [size for _, size in collectives]
            if case[0] == "tied":  # gathered with the final norm, for the embedding and the head at once
                assert sizes.count(rows * HIDDEN + HIDDEN) == 1
                assert len(sizes) == LAYERS + 1
            else:  # the embedding, then the layers, then the head
                assert (sizes[1], sizes[-1]) == (rows * HIDDEN, rows * HIDDEN)
                assert len(sizes) == LAYERS + 3


def test_log_probs_are_those_of_a_pass_without_positions(ranks):
    for rank, case in product(ranks, CASES):
        assert torch.equal(rank[case]["log_probs"], rank[case]["log_probs without"])


def test_only_samples_with_positions_get_logits(ranks):
    for rank, case in product(ranks, CASES):
        assert set(rank[case]["fields"]) - set(rank[case]["fields without"]) == {"layer_logits"}


def test_a_reference_model_leaves_the_policys_logits_alone(ranks):
    for rank in ranks:
        assert "log_probs" in rank["reference"]
        assert "layer_logits" not in rank["reference"]


def test_a_head_that_is_never_run_is_refused(ranks):
    for rank in ranks:
        assert "use_fused_kernels=false" in rank["fused"]


def test_through_verls_queue_in_the_batchs_order(queued, expected):
    """The response of sample 2 ends at its position, so it has none: nothing was generated behind."""
    wanted = expected["tied"].clone()
    wanted[2] = torch.nan
    found = torch.from_numpy(queued["logits"])
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, wanted.flip(0), atol=1e-5, rtol=0, equal_nan=True)


def test_reading_before_the_pass_names_what_skips_it(queued):
    assert "bypass_mode must be false" in queued["early"]


def test_a_position_outside_its_response_is_an_error(queued):
    assert queued["outside"] == "response key1_0_0 of 3 tokens has no token 3"


class Collectives(torch.utils._python_dispatch.TorchDispatchMode):
    """Keeps the name and the largest tensor's size of every collective."""

    def __init__(self):
        super().__init__()
        self.seen: list[tuple[str, int]] = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if "c10d" in function.namespace:
            sizes = [leaf.numel() for leaf in torch.utils._pytree.tree_leaves(args) if isinstance(leaf, torch.Tensor)]
            self.seen.append((function.__name__, max(sizes, default=0)))
        return function(*args, **(kwargs or {}))


def build(policy: Path, packed: bool, forward_only: bool = False):
    """verl's worker around the engine."""
    from verl.trainer.config import CheckpointConfig
    from verl.workers.config import FSDPEngineConfig, FSDPOptimizerConfig, HFModelConfig, TrainingWorkerConfig
    from verl.workers.engine_workers import TrainingWorker

    from reward_memory.training.verl import engine  # noqa: F401  registers it

    model = HFModelConfig(
        path=str(policy),
        use_remove_padding=packed,
        override_config={"attn_implementation": "sdpa"},
        enable_gradient_checkpointing=False,
    )
    sharding = FSDPEngineConfig(
        strategy="fsdp2",
        forward_only=forward_only,
        dtype="float32",
        mixed_precision={"param_dtype": "fp32", "reduce_dtype": "fp32", "buffer_dtype": "fp32"},
        use_torch_compile=False,
        use_dynamic_bsz=False,
        infer_micro_batch_size_per_gpu=MICRO_BATCH,
        micro_batch_size_per_gpu=MICRO_BATCH,
        infer_max_token_len_per_gpu=30,
        max_token_len_per_gpu=30,
    )
    worker = TrainingWorker(
        TrainingWorkerConfig(
            model_type="language_model",
            model_config=model,
            engine_config=sharding,
            optimizer_config=FSDPOptimizerConfig(lr=1e-3, total_training_steps=1),
            checkpoint_config=CheckpointConfig(),
            profiler_config=None,
        )
    )
    worker.reset()
    return worker


def samples(part: slice):
    """TensorDict of some of the samples, as verl's rollout leaves them."""
    from tensordict import TensorDict

    chosen = list(zip(sequences(), SAMPLES, strict=True))[part]

    def nested(parts):
        return torch.nested.as_nested_tensor(list(parts), layout=torch.jagged)

    mask = nested(torch.ones(response, dtype=torch.long) for _, (_, response, _) in chosen)
    fields = {
        "input_ids": nested(ids for ids, _ in chosen),
        "position_ids": nested(torch.arange(len(ids)) for ids, _ in chosen),
        "prompts": nested(ids[:prompt] for ids, (prompt, _, _) in chosen),
        "responses": nested(ids[prompt:] for ids, (prompt, _, _) in chosen),
        "response_mask": mask,
        "loss_mask": mask.clone(),
    }
    return TensorDict(fields, batch_size=len(chosen))


def infer(worker, asked: bool = True, **settings):
    """The log-prob pass over this rank's share -> its answer, and the collectives of each micro-batch."""
    from verl.utils import tensordict_utils as tu

    rank, count = (int(os.environ[name]) for name in ("RANK", "WORLD_SIZE"))
    share = len(SAMPLES) // count
    mine = slice(rank * share, (rank + 1) * share)
    batch = samples(mine)
    if asked:
        batch["answer_position"] = torch.tensor([[place] for *_, place in SAMPLES[mine]])
    lengths = batch["input_ids"].offsets().diff().tolist()
    tu.assign_non_tensor(
        batch, temperature=1.0, calculate_entropy=True, compute_loss=False, global_token_num=lengths, **settings
    )
    forward_step, collectives = worker.engine.forward_step, []

    def counted(*args, **kwargs):
        with Collectives() as seen:
            answer = forward_step(*args, **kwargs)
        collectives.append(seen.seen)
        return answer

    worker.engine.forward_step = counted
    try:
        return worker.infer_batch(batch), collectives
    finally:
        worker.engine.forward_step = forward_step


def save_cases(folder: Path) -> None:
    saved = {}
    for policy, padding in product(POLICIES, PADDINGS):
        worker = build(folder / policy, padding == "packed")
        for batching in BATCHINGS:
            case = saved[policy, padding, batching] = {}
            for suffix in ("", " without"):
                answer, collectives = infer(worker, asked=not suffix, use_dynamic_bsz=batching == "dynamic")
                case["collectives" + suffix] = collectives
                case["fields" + suffix] = sorted(answer.keys())
                case["log_probs" + suffix] = answer["log_probs"].values()
                if not suffix:
                    case["logits"] = torch.stack(list(answer["layer_logits"].unbind()))
    with pytest.raises(RuntimeError) as refused:
        infer(worker, use_fused_kernels=True)
    saved["fused"] = str(refused.value)
    answer, _ = infer(build(folder / "tied", packed=False, forward_only=True))
    saved["reference"] = sorted(answer.keys())
    torch.save(saved, folder / f"rank{os.environ['RANK']}of{os.environ['WORLD_SIZE']}.pt")


def save_queued(folder: Path) -> None:
    import tempfile

    import numpy as np
    import ray
    import transfer_queue as tq
    import verl  # noqa: F401  first: it loads our plug-in, whose trainer imports the engine

    from reward_memory.training.verl.engine import put_positions, read_layer_logits

    worker = build(folder / "tied", packed=True)
    # the number of tokens from the response's start; the second sample's is given at the response's end
    places = np.array([place - prompt if place >= 0 else -1 for prompt, _, place in SAMPLES])
    places[2] = SAMPLES[2][1] - 1
    saved = {}
    with tempfile.TemporaryDirectory(prefix="rm-") as scratch:  # a socket's path must be short
        ray.init(num_cpus=8, include_dashboard=False, _temp_dir=scratch, log_to_driver=False)
        tq.init()
        keys = [f"key{row}_0_0" for row in range(len(SAMPLES))]
        tq.kv_batch_put(keys=keys, partition_id="train", fields=samples(slice(None)), tags=[{} for _ in keys])
        batch = tq.KVBatchMeta(keys=keys[::-1], tags=[{} for _ in keys], partition_id="train")
        batch.extra_info |= {"temperature": 1.0, "calculate_entropy": True, "compute_loss": False}
        batch.extra_info["global_token_num"] = [sum(lengths[:2]) for lengths in SAMPLES[::-1]]
        with pytest.raises(ValueError, match="token 3") as outside:
            put_positions(batch, np.where(np.arange(len(keys))[::-1] == 1, 3, -1))
        saved["outside"] = str(outside.value)
        put_positions(batch, places[::-1].copy())
        with pytest.raises(RuntimeError) as early:
            read_layer_logits(batch)
        saved["early"] = str(early.value)
        worker.infer_batch(batch)
        saved["logits"] = read_layer_logits(batch)
        ray.shutdown()
    torch.save(saved, folder / "queue.pt")


if __name__ == "__main__":
    {"cases": save_cases, "queue": save_queued}[sys.argv[1]](Path(sys.argv[2]))
    torch.distributed.destroy_process_group()
