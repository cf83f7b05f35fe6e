"""What the parts share: folders, the policy, the arms' settings."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from reward_memory.config import loading, suites
from reward_memory.jobs.gpus import VISIBLE, visible
from reward_memory.policies.size import Size, from_config
from reward_memory.settings import ErrorMemory, Training

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config/test.yaml"
STEPS, PROMPT_TOKENS, ANSWER_TOKENS = 3, 256, 64
#: arm -> (policy, where its rewards come from, suite, folder of the ratio)
ARMS = {
    "r1-p": ("tiny", "labeled", "main", "ratio50"),
    "memreward": ("tiny", "predicted", "main", "ratio50"),
    "meds": ("tiny-math", "verified", "meds", "ratio100"),
}
#: The arm whose engines both compute in float32, so that equal weights give equal probabilities.
EXACT = "r1-p"
REWARD_MODEL = "reward_models/main/tiny/graph/ratio50/seed0"


@dataclass
class Smoke:
    """What the parts share.

    gpu      name of the GPU, None on a CPU
    steps    arm -> verl's metrics of its steps
    peak     arm -> largest number of gigabytes in use on the device while it trained
    sampled  responses of vLLM (parquet.RESPONSES) and the seconds that they took
    """

    folder: Path
    policy: Path | None = None
    gpu: str | None = None
    steps: dict[str, list[dict]] = field(default_factory=dict)
    peak: dict[str, float] = field(default_factory=dict)
    sampled: tuple[Any, float] | None = None

    @property
    def results(self) -> Path:
        return self.folder / "results"

    def policy_of(self, arm: str) -> Path:
        return self.policy or self.results / "policies" / ARMS[arm][0]

    def settings(self, arm: str) -> tuple[Training, ErrorMemory | None]:
        """Those of an arm: config/test.yaml in three steps."""
        config = loading.load(yaml.safe_load(CONFIG.read_text(encoding="utf-8")), str(CONFIG))
        training, memory = suites.run_settings(config, ARMS[arm][2], arm, ARMS[arm][0])
        lengths = {"max_prompt_tokens": PROMPT_TOKENS, "save_freq": STEPS, "test_freq": STEPS, "steps": STEPS}
        return training.model_copy(update=lengths), memory

    def size(self, arm: str) -> Size:
        """Shape of an arm's policy."""
        return from_config(json.loads((self.policy_of(arm) / "config.json").read_text(encoding="utf-8")))


def nvidia_smi(what: str) -> str:
    """What nvidia-smi answers to a query about the first visible GPU, such as driver_version."""
    command = ["nvidia-smi", f"--query-gpu={what}", "--format=csv,noheader,nounits", "--id", os.environ[VISIBLE]]
    return subprocess.check_output(command, encoding="utf-8").strip()


def first_gpu() -> str | None:
    """Name of the first visible GPU, which alone stays visible; None on a CPU."""
    devices = visible()
    if not devices or shutil.which("nvidia-smi") is None:
        return None
    os.environ[VISIBLE] = devices[0]
    return nvidia_smi("name")
