"""verl's own checkpoint of two ranks, merged by verl's own merger into a policy that can be sampled from."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from reward_memory.errors import InputError
from reward_memory.generation.engine import load
from reward_memory.policies.bootstrap.pretraining import bootstrap
from reward_memory.settings import Bootstrap, Sampling
from reward_memory.training.merge import write_policy

GREEDY = Sampling(temperature=0.0, max_new_tokens=8)

pytestmark = pytest.mark.long

#: One of two ranks: shards the policy as verl's FSDP2 engine does and saves it with verl's checkpoint manager.
RANK = """
import sys
import torch
from omegaconf import OmegaConf
from torch import distributed
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from transformers import AutoModelForCausalLM, AutoTokenizer
from verl.utils.checkpoint.fsdp_checkpoint_manager import FSDPCheckpointManager

policy, out = sys.argv[1:]
contents = ["model", "optimizer", "extra"]
distributed.init_process_group("gloo")
mesh = init_device_mesh("cpu", (2,), mesh_dim_names=("fsdp",))
model = AutoModelForCausalLM.from_pretrained(policy, dtype=torch.float32)
for layer in model.model.layers:
    fully_shard(layer, mesh=mesh)
fully_shard(model, mesh=mesh)
optimizer = torch.optim.AdamW(model.parameters())
manager = FSDPCheckpointManager(
    model,
    optimizer,
    torch.optim.lr_scheduler.ConstantLR(optimizer),
    AutoTokenizer.from_pretrained(policy),
    OmegaConf.create({"save_contents": contents, "load_contents": contents}),
)
manager.save_checkpoint(out, global_step=1)
distributed.destroy_process_group()
"""


@pytest.fixture(scope="module")
def policy(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("policy") / "tiny"
    bootstrap(folder, Bootstrap(hidden_size=64, num_hidden_layers=2, steps=60, seed=0))
    return folder


@pytest.fixture(scope="module")
def sharded(policy, tmp_path_factory) -> Path:
    """A checkpoint as runs on GPUs leave it: shards, and no whole policy."""
    actor = tmp_path_factory.mktemp("checkpoint") / "actor"
    environment = os.environ | {
        "VERL_USE_EXTERNAL_MODULES": "reward_memory.training.cpu.plugin",
        "VERL_PLATFORM": "cpu",
        "VERL_ENGINE_DEVICE": "cuda",
        "OMP_NUM_THREADS": "1",
    }
    script = actor.parent / "rank.py"
    script.write_text(RANK)
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", script, policy, actor],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return actor


def test_two_ranks_leave_two_shards_and_no_whole_policy(sharded):
    assert len(list(sharded.glob("model_world_size_2_rank_*.pt"))) == 2
    assert not list((sharded / "huggingface").glob("*.safetensors"))


def test_the_merged_policy_has_the_weights_of_the_trained_one_in_bfloat16(sharded, policy, tmp_path):
    write_policy(sharded, tmp_path)
    merged, own = (AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32) for path in (tmp_path, policy))
    assert merged.state_dict().keys() == own.state_dict().keys()
    for name, weight in own.state_dict().items():
        assert torch.equal(merged.state_dict()[name], weight.bfloat16().float()), name


def test_the_merged_policy_can_be_sampled_from(sharded, policy, tmp_path):
    write_policy(sharded, tmp_path)
    messages = [{"role": "user", "content": "What is 2 + 3?"}]
    _, tokens, _ = load(tmp_path, GREEDY).generate([messages], [0], GREEDY)[0]
    assert tokens > 0
    templates = [
        AutoTokenizer.from_pretrained(path).apply_chat_template([messages], tokenize=False)
        for path in (tmp_path, policy)
    ]
    assert templates[0] == templates[1]


def test_a_checkpoint_with_a_missing_shard_is_told(sharded, tmp_path):
    broken = tmp_path / "actor"
    broken.mkdir()
    for path in sharded.iterdir():
        if not path.name.endswith("rank_1.pt"):
            (broken / path.name).symlink_to(path)
    with pytest.raises(InputError, match=r"actor: verl's merger ended with exit status 1"):
        write_policy(broken, tmp_path / "out")
