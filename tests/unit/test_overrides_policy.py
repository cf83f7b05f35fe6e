"""What verl is told because of the policy's own config.json: how weights travel, how the reference model is kept."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from override_cases import RUN, TRAINING
from training_settings import validated

from reward_memory.config import verl_overrides
from reward_memory.training.overrides import overrides

BUCKET = "actor_rollout_ref.rollout.checkpoint_engine.update_weights_bucket_megabytes"
DTYPE = "actor_rollout_ref.ref.fsdp_config.model_dtype"


def told(policy: Path, gpus: int = 1) -> dict[str, str]:
    listed = overrides(validated(TRAINING), replace(RUN, policy=policy, gpus=gpus), "reduced", Path("/tmp/rm"))
    return dict(text.split("=", 1) for text in listed)


@pytest.mark.parametrize(
    ("config", "bucket", "dtype"),
    [
        ({"vocab_size": 151936, "hidden_size": 2048, "torch_dtype": "bfloat16"}, None, "bfloat16"),  # 1,187 MiB
        ({"vocab_size": 151936, "hidden_size": 4096, "dtype": "bfloat16"}, "2374", "bfloat16"),
        ({"vocab_size": 152064, "hidden_size": 3584, "dtype": "float32"}, "2079", None),
        ({"vocab_size": 131072, "hidden_size": 4096}, None, None),  # 2,048 MiB, which just fits
        ([], None, None),
    ],
)
def test_large_embeddings_and_published_types_are_provided_for(tmp_path, config, bucket, dtype):
    (tmp_path / "config.json").write_text(json.dumps(config))
    keys = told(tmp_path)
    assert (keys.get(BUCKET), keys.get(DTYPE)) == (bucket, dtype)
    assert not {BUCKET, DTYPE} & told(tmp_path, gpus=0).keys()


def test_a_policy_that_is_not_there_yet_changes_nothing(tmp_path):
    assert not {BUCKET, DTYPE} & told(tmp_path / "none").keys()


def test_verl_has_these_keys(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"vocab_size": 2**20, "hidden_size": 4096, "dtype": "bfloat16"}))
    listed = overrides(validated(TRAINING), replace(RUN, policy=tmp_path, gpus=1), "reduced", Path("/tmp/rm"))
    actor = verl_overrides._composed(listed).actor_rollout_ref
    assert actor.ref.fsdp_config.model_dtype == "bfloat16"
    assert actor.actor.fsdp_config.model_dtype == "fp32"
    assert actor.rollout.checkpoint_engine.update_weights_bucket_megabytes == 16384
