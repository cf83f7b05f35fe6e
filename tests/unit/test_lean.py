"""What short jobs import: nothing that takes seconds and is not used."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["reward_memory.generation.decoding"])
def test_sampling_imports_no_scikit_learn(module):
    program = f"import sys, {module}, transformers.generation.utils; print('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
