"""What gpu_patches changes in verl, on a CPU: where the weights go through, and log-probabilities."""

import asyncio
import importlib.util
import inspect
import tempfile
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import verl

from reward_memory.jobs.scratch import LONGEST
from reward_memory.training.verl import gpu_patches

VERL = Path(verl.__file__).parent
ROLLOUT = VERL / "workers/rollout/vllm_rollout"
ADDRESS = "ipc:///tmp/rl-colocate-zmq-01000000-replica-0-rank-0.sock"


@pytest.fixture
def transfer():
    """verl's module of its own, unpatched; the package that it lies in cannot be imported without vLLM."""
    spec = importlib.util.spec_from_file_location("transfer", ROLLOUT / "bucketed_weight_transfer.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    nothing = SimpleNamespace(synchronize=lambda: None, empty_cache=lambda: None, ipc_collect=lambda: None)
    module.get_torch_device, module.is_support_ipc = lambda: nothing, lambda: False
    return module


@pytest.fixture
def functional(monkeypatch):
    """verl.utils.torch_functional, whose patch ends with the test."""
    from verl.utils import torch_functional

    monkeypatch.setattr(torch_functional, "logprobs_from_logits_v2", torch_functional.logprobs_from_logits_v2)
    return torch_functional


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("workers/rollout/vllm_rollout/vllm_rollout.py", 'f"ipc:///tmp/rl-colocate-zmq-{job_id}-replica-'),
        ("workers/rollout/vllm_rollout/utils.py", 'f"ipc:///tmp/rl-colocate-zmq-{job_id}-replica-'),
        ("workers/rollout/vllm_rollout/vllm_rollout.py", "sender = BucketedWeightSender("),
        ("workers/rollout/vllm_rollout/utils.py", "receiver = BucketedWeightReceiver("),
        # called through the module, so a new function there is what runs
        ("utils/torch_functional.py", "        output = logprobs_from_logits_v2(logits, labels)"),
        ("workers/engine/fsdp/transformer_impl.py", "log_probs = logprobs_from_logits("),
    ],
)
def test_verl_has_what_is_patched_where_it_is_expected(file, text):
    assert text in (VERL / file).read_text()


@pytest.mark.parametrize("end", ["BucketedWeightSender", "BucketedWeightReceiver"])
def test_both_ends_take_the_address_first(transfer, end):
    assert next(name for name in inspect.signature(getattr(transfer, end)).parameters) == "zmq_handle"


def test_without_a_gpu_runs_launch_nothing_is_changed(functional, monkeypatch):
    assert gpu_patches.SOCKETS == "REWARD_MEMORY_SOCKETS"  # as in launch._environment
    monkeypatch.delenv(gpu_patches.SOCKETS, raising=False)
    before = functional.logprobs_from_logits_v2
    gpu_patches.apply()
    assert functional.logprobs_from_logits_v2 is before


def test_log_probabilities_of_a_gpu_run_are_those_in_chunks(functional, monkeypatch):
    monkeypatch.setenv(gpu_patches.SOCKETS, "/tmp/rm-1")
    gpu_patches.apply()
    gpu_patches.apply()
    assert functional.logprobs_from_logits_v2 is gpu_patches.log_probs


def test_an_address_is_in_the_trainings_own_folder_and_short_enough(transfer, monkeypatch):
    folder = "/" + "d" * (LONGEST - 1)
    monkeypatch.setenv(gpu_patches.SOCKETS, folder)
    gpu_patches.move_sockets(transfer)
    gpu_patches.move_sockets(transfer)  # twice is once
    sender = transfer.BucketedWeightSender(zmq_handle=ADDRESS, bucket_size_mb=7, use_shm=True)
    receiver = transfer.BucketedWeightReceiver(ADDRESS, torch.device("cpu"), use_shm=True)
    assert sender.zmq_handle == receiver.zmq_handle == f"ipc://{folder}/weights-01000000-replica-0-rank-0.sock"
    assert len(sender.zmq_handle.removeprefix("ipc://")) <= 107
    assert (sender.bucket_size_mb, receiver.device) == (7, torch.device("cpu"))


def test_an_address_that_verl_makes_otherwise_is_an_error(monkeypatch):
    monkeypatch.setenv(gpu_patches.SOCKETS, "/tmp/rm-1")
    with pytest.raises(RuntimeError, match=r"ipc:///tmp/verl-0\.sock, which does not begin with ipc:///tmp/rl-"):
        gpu_patches.private_socket("ipc:///tmp/verl-0.sock")


@pytest.fixture
def short_folder():
    """A socket's path has at most 107 characters, which pytest's own folders may not leave."""
    with tempfile.TemporaryDirectory(prefix="w-", dir="/tmp") as folder:
        yield Path(folder)


def test_two_trainings_at_once_get_their_own_weights(transfer, short_folder, monkeypatch):
    gpu_patches.move_sockets(transfer)
    seen: dict[float, set[float]] = {1.0: set(), 2.0: set()}
    threads = []
    for number in seen:
        folder = short_folder / str(int(number))
        folder.mkdir()
        monkeypatch.setenv(gpu_patches.SOCKETS, str(folder))
        sender = transfer.BucketedWeightSender(ADDRESS, bucket_size_mb=1, use_shm=True)
        receiver = transfer.BucketedWeightReceiver(ADDRESS, torch.device("cpu"), use_shm=True)
        weights = [(f"layer{layer}", torch.full((256, 512), number)) for layer in range(6)]

        def send(sender=sender, weights=weights):
            asyncio.run(sender.async_send_weights(iter(weights)))

        def receive(receiver=receiver, number=number):
            def take(bucket, last):
                seen[number] |= {float(tensor.mean()) for _, tensor in bucket}

            receiver.receive_weights(take)

        threads += [threading.Thread(target=act, daemon=True) for act in (send, receive)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)
    assert seen == {1.0: {1.0}, 2.0: {2.0}}


@pytest.mark.parametrize("shape", [(5000,), (2, 7), (1,), (gpu_patches.CHUNK,)])
def test_log_probabilities_and_gradients_are_verls(functional, shape):
    torch.manual_seed(0)
    logits, labels = torch.randn(*shape, 300) * 3, torch.randint(0, 300, shape)
    weights = torch.randn(shape)
    found = []
    for function in (functional.logprobs_from_logits_v2, gpu_patches.log_probs):
        given = logits.clone().requires_grad_()
        value = function(given, labels)
        (value * weights).sum().backward()
        found.append((value.detach(), given.grad))
    (theirs, their_gradient), (ours, our_gradient) = found
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=0)
    torch.testing.assert_close(our_gradient, their_gradient, atol=1e-5, rtol=0)


def test_bfloat16_logits_give_float32_log_probabilities(functional):
    torch.manual_seed(0)
    logits, labels = (torch.randn(3000, 300) * 3).bfloat16(), torch.randint(0, 300, (3000,))
    ours = gpu_patches.log_probs(logits, labels)
    assert ours.dtype == torch.float32
    torch.testing.assert_close(ours, functional.logprobs_from_logits_v2(logits.float(), labels), atol=1e-5, rtol=0)


def test_what_is_kept_for_the_gradient_is_the_logits_alone():
    logits, labels = torch.randn(3 * gpu_patches.CHUNK, 50).requires_grad_(), torch.zeros(3 * gpu_patches.CHUNK).long()
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: kept.append(tensor) or tensor, lambda tensor: tensor):
        gpu_patches.log_probs(logits, labels)
    assert {tensor.untyped_storage().data_ptr() for tensor in kept if tensor.numel() > labels.numel()} <= {
        logits.untyped_storage().data_ptr()
    }
