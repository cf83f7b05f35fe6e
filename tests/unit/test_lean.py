"""What short jobs import: nothing that takes seconds and is not used."""

import os
import subprocess
import sys
from importlib import metadata

import pytest

from reward_memory.policies.lean import Distributions

#: What a job begins with; where the policy is not there, it fails after its imports.
USES = {
    "sampling": "from reward_memory.generation.engine import TransformersEngine as use; use('none', None)",
    "decoding": "import reward_memory.generation.decoding, transformers.generation.utils",
    "prompts": "from reward_memory.training.prompts import lengths as use; use('none', {})",
    "bootstrap": "import reward_memory.policies.bootstrap.pretraining as use; use.new_model(None, 64, 1, 0)",
}
PROGRAM = """
import sys
from importlib import metadata

def read():
    raise SystemExit("the files of every distribution are read")

metadata.packages_distributions = read
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
    offline = os.environ | {"HF_HUB_OFFLINE": "1"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=offline)
    assert done.stdout == "True False False\n"


def test_a_distribution_is_found_by_the_name_of_its_package():
    table, every = Distributions(), metadata.packages_distributions()
    assert table["torch"] == ["torch"]
    assert table["yaml"] == every["yaml"] == ["PyYAML"]  # a distribution of another name
    assert table.get("yaml") == ["PyYAML"]
    assert table.get("not_there", []) == []
    with pytest.raises(KeyError):
        table["not_there"]


def test_the_standard_library_reads_distributions_as_before():
    assert metadata.packages_distributions.__module__ == "importlib.metadata"
