"""One policy folder from what each rank of a sharded training saved, by verl's own merger."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from reward_memory.errors import InputError
from reward_memory.policies.snapshots import WEIGHTS, check

MERGER = "verl.model_merger"
#: Where it puts low-rank adapters.
ADAPTERS = "lora_adapter"


def write_policy(actor: Path, out: Path) -> None:
    """Write the policy of a checkpoint to the empty folder `out`.

    actor  the checkpoint's folder of that name. Where verl saved the whole policy in it, as CPU runs do, that is
           copied as it is; else the ranks' shards are merged, which rounds the weights to bfloat16. Adapters are
           added to the weights that they were trained for.

    InputError if the shards cannot be merged.
    """
    whole = actor / "huggingface"
    if any((whole / name).is_file() for name in WEIGHTS):
        shutil.copytree(whole, out, dirs_exist_ok=True)
        return
    command = ["merge", "--backend", "fsdp", "--local_dir", str(actor), "--target_dir", str(out)]
    code = subprocess.run(
        [sys.executable, "-m", MERGER, *command], env=os.environ | {"HF_HUB_OFFLINE": "1"}, check=False
    ).returncode
    if code:
        raise InputError(
            f"{actor}: verl's merger ended with exit status {code}; its own messages are in this job's log, and the "
            "same command tries again."
        )
    # beside the configuration, which verl's merger reads there but does not always pass on
    for name in ("generation_config.json", "chat_template.jinja"):
        if (whole / name).is_file() and not (out / name).is_file():
            shutil.copy2(whole / name, out / name)
    if (out / ADAPTERS).is_dir():
        _add_adapters(out)
    check(out)


def _add_adapters(policy: Path) -> None:
    """Add the low-rank adapters that verl's merger put beside the policy's weights, and remove them."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    weights = AutoModelForCausalLM.from_pretrained(policy, dtype=torch.float32)
    # in float32, and rounded once, as what samples during training gets them
    model = PeftModel.from_pretrained(weights, policy / ADAPTERS).merge_and_unload().to(torch.bfloat16)
    for old in policy.glob("*.safetensors*"):
        old.unlink()
    model.save_pretrained(policy)
    shutil.rmtree(policy / ADAPTERS)
