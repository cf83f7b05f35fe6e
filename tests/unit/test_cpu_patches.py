"""verl's loop over tokens, replaced on processors; in a process of its own, since the patches act on import."""

import subprocess
import sys

import pytest

PROGRAM = """
import torch
from verl.utils import torch_functional
theirs = torch_functional.logprobs_from_logits_v2
from reward_memory.training.cpu import patches
assert torch_functional.logprobs_from_logits_v2 is patches.log_probs
torch.manual_seed(0)
for tokens, words, kind in ((1, 300, torch.float32), (700, 1224, torch.float32), (50, 33, torch.bfloat16)):
    logits, labels = (torch.randn(tokens, words) * 5).to(kind), torch.randint(0, words, (tokens,))
    weights, found = torch.randn(tokens), []
    for function in (theirs, patches.log_probs):
        given = logits.clone().requires_grad_()
        value = function(given, labels)
        (value * weights).sum().backward()
        found.append((value.detach(), given.grad))
    print(*(torch.equal(*pair) for pair in zip(*found)))
"""


@pytest.fixture(scope="module")
def said():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.slow
def test_log_probabilities_and_gradients_are_verls_to_the_last_bit(said):
    assert said == ["True"] * 6
