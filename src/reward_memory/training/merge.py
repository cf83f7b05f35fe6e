"""Merge what each rank of a sharded training saved into one policy folder, with verl's merger."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from reward_memory.errors import InputError
from reward_memory.policies.snapshots import WEIGHTS, check

MERGER = "verl.model_merger"
#: Subfolder where the merger puts low-rank adapters.
ADAPTERS = "lora_adapter"


def write_policy(actor: Path, out: Path) -> None:
    """Write the policy of a checkpoint to the empty folder `out`.

    actor  the checkpoint's folder of that name. If verl saved the complete policy in it, as in CPU runs, that is
           copied; otherwise the ranks' shards are merged, which rounds the weights to bfloat16. Adapters are merged
           into the weights that they were trained for.

    InputError if the shards cannot be merged.
    """
    huggingface = actor / "huggingface"
    if any((huggingface / name).is_file() for name in WEIGHTS):
        shutil.copytree(huggingface, out, dirs_exist_ok=True)
        return
    command = ["merge", "--backend", "fsdp", "--local_dir", str(actor), "--target_dir", str(out)]
    code = subprocess.run(
        [sys.executable, "-m", MERGER, *command], env=os.environ | {"HF_HUB_OFFLINE": "1"}, check=False
    ).returncode
    if code:
        raise InputError(
            f"{actor}: verl's merger ended with exit status {code}; its messages are in this job's log. Run the same "
            "command to try again."
        )
    # next to the configuration; verl's merger reads them there but does not always copy them
    for name in ("generation_config.json", "chat_template.jinja"):
        if (huggingface / name).is_file() and not (out / name).is_file():
            shutil.copy2(huggingface / name, out / name)
    if (out / ADAPTERS).is_dir():
        _add_adapters(out)
    check(out)


def _add_adapters(policy: Path) -> None:
    """Merge the low-rank adapters that verl's merger put next to the policy's weights, and delete them."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    weights = AutoModelForCausalLM.from_pretrained(policy, dtype=torch.float32)
    # in float32, and rounded once, like the weights that the sampler gets during training
    model = PeftModel.from_pretrained(weights, policy / ADAPTERS).merge_and_unload().to(torch.bfloat16)
    for old in policy.glob("*.safetensors*"):
        old.unlink()
    model.save_pretrained(policy)
    shutil.rmtree(policy / ADAPTERS)
