"""What short jobs import: nothing that takes seconds and is not used."""

import subprocess
import sys

import pytest

#: What a job begins with; where the policy is not there, it fails after its imports.
USES = {
    "sampling": "from reward_memory.generation.engine import TransformersEngine as use; use('none', None)",
    "decoding": "import reward_memory.generation.decoding, transformers.generation.utils",
    "prompts": "from reward_memory.training.prompts import lengths as use; use('none', {})",
    "bootstrap": "import reward_memory.policies.bootstrap.pretraining as use; use.new_model(None, 64, 1, 0)",
}
PROGRAM = """
import sys
try:
    {use}
except (OSError, AttributeError):
    pass
print("transformers" in sys.modules, "sklearn" in sys.modules, "scipy" in sys.modules)
"""


@pytest.mark.long
@pytest.mark.parametrize("use", USES)
def test_a_short_job_imports_neither_scikit_learn_nor_scipy(use):
    program = PROGRAM.format(use=USES[use])
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "True False False\n"
