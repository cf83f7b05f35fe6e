"""The engine's own processes, with a stand-in for vLLM; tests/integration/test_vllm.py runs the real one."""

import json
from pathlib import Path

import pandas as pd
import pytest

from reward_memory.errors import InputError
from reward_memory.generation import vllm_engine
from reward_memory.generation.engine import load, sample_responses
from reward_memory.generation.vllm_engine import device_groups, sampling_arguments
from reward_memory.settings import Sampling

#: Repeats a prompt's token ids as its response, and keeps a record of what it was told and where.
VLLM = """
import json, os, time
from types import SimpleNamespace

def TokensPrompt(prompt_token_ids):
    return prompt_token_ids

def SamplingParams(**told):
    return told

class LLM:
    def __init__(self, folder, **told):
        self._note({"folder": folder} | told)
        if os.environ.get("FAKE_VLLM_BREAKS", "none") == os.environ.get("CUDA_VISIBLE_DEVICES"):
            raise ValueError("no free memory")
        longest = told["max_model_len"] or 64
        self.llm_engine = SimpleNamespace(model_config=SimpleNamespace(max_model_len=longest))

    def _note(self, told):
        with open(os.environ["FAKE_VLLM_NOTES"], "a") as file:
            file.write(json.dumps({"devices": os.environ.get("CUDA_VISIBLE_DEVICES")} | told) + chr(10))

    def generate(self, prompts, params, use_tqdm):
        time.sleep(0.2)
        self._note({"params": params})
        if os.environ.get("FAKE_VLLM_DIES"):
            os._exit(9)
        one = lambda ids, own: SimpleNamespace(
            token_ids=ids + own["stop_token_ids"], finish_reason="stop" if own["seed"] % 2 else "length"
        )
        return [SimpleNamespace(outputs=[one(ids, own)]) for ids, own in zip(prompts, params)]
"""
#: A tokenizer that needs no files: a letter is its code, and 0 is the end.
TRANSFORMERS = """
class AutoTokenizer:
    @classmethod
    def from_pretrained(cls, folder):
        return cls()

    def apply_chat_template(self, prompts, add_generation_prompt, return_dict):
        return {"input_ids": [[ord(letter) for letter in prompt[0]["content"]] for prompt in prompts]}

    def decode(self, ids, skip_special_tokens):
        return "".join(chr(one) for one in ids if one)
"""


@pytest.fixture
def notes(tmp_path, monkeypatch):
    """Put the stand-ins in the processes' way; call the result to read what vLLM was told."""
    (tmp_path / "vllm.py").write_text(VLLM)
    (tmp_path / "transformers.py").write_text(TRANSFORMERS)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{Path(vllm_engine.__file__).parents[2]}")
    monkeypatch.setattr(vllm_engine, "find_spec", lambda name: name)
    monkeypatch.setattr("reward_memory.generation.engine.check_driver", lambda gpus: None)
    monkeypatch.delenv("VLLM_USE_V2_MODEL_RUNNER", raising=False)
    monkeypatch.setenv("FAKE_VLLM_NOTES", str(tmp_path / "notes"))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return lambda: [json.loads(line) for line in (tmp_path / "notes").read_text().splitlines()]


@pytest.fixture
def policy(tmp_path) -> Path:
    folder = tmp_path / "policy"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "qwen2"}')
    (folder / "generation_config.json").write_text('{"eos_token_id": [0]}')
    for name in ("model.safetensors", "tokenizer.json", "chat_template.jinja"):
        (folder / name).write_text("x")
    return folder


def queries(*ids: str) -> pd.DataFrame:
    messages = [[{"role": "user", "content": name}] for name in ids]
    return pd.DataFrame({"id": list(ids), "benchmark": "gsm8k", "domain": "math", "messages": messages})


GREEDY = Sampling(samples_per_query=1, temperature=0.0, max_new_tokens=8)
DRAWN = Sampling(samples_per_query=2, temperature=0.7, top_p=0.9, max_new_tokens=8)


def test_gpus_are_grouped_by_neighbors():
    assert device_groups(["0", "1", "2", "3"], 2) == [("0", "1"), ("2", "3")]
    assert device_groups(["4", "7"], 1) == [("4",), ("7",)]


@pytest.mark.parametrize(("devices", "size"), [("012", 2), ("01", 4), ("", 1)])
def test_gpus_that_make_no_whole_groups_are_refused(devices, size):
    with pytest.raises(
        InputError, match=rf"tensor_parallel_size: {size} does not divide the job's {len(devices)} GPUs"
    ):
        device_groups(list(devices), size)


def test_a_greedy_response_is_not_cut_to_a_nucleus():
    sampling = Sampling(temperature=0, max_new_tokens=5, top_p=0.5)
    assert sampling_arguments(sampling) == {
        "temperature": 0.0,
        "top_p": 1.0,
        "max_tokens": 5,
    }
    assert sampling_arguments(DRAWN) == {"temperature": 0.7, "top_p": 0.9, "max_tokens": 8}


def test_each_process_sees_its_own_gpus_alone(policy, notes, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,3,5,7")
    with load(policy, Sampling(engine="vllm", tensor_parallel_size=2), gpus=4) as engine:
        assert engine.concurrency == 2
    assert sorted(note["devices"] for note in notes()) == ["2,3", "5,7"]
    assert {note["tensor_parallel_size"] for note in notes()} == {2}


def test_the_settings_reach_vllm(policy, notes, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    settings = {
        "dtype": "bfloat16",
        "gpu_memory_utilization": 0.7,
        "max_model_len": 50,
        "max_num_seqs": 9,
        "enforce_eager": True,
    }
    with load(policy, Sampling(engine="vllm", batch_size=3, **settings), gpus=1):
        pass
    (told,) = notes()
    assert {name: told[name] for name in settings} == settings
    assert told["generation_config"] == "vllm"
    assert "batch_size" not in told


def test_a_response_has_its_own_seed_and_the_policys_end_tokens(policy, notes):
    with load(policy, Sampling(engine="vllm")) as engine:
        out = engine.generate([[{"role": "user", "content": "ab"}]] * 2, [4, 5], DRAWN)
    assert out == [("ab", 3, False), ("ab", 3, True)]
    params = notes()[-1]["params"]
    assert [one["seed"] for one in params] == [4, 5]
    assert {(one["temperature"], one["top_p"], one["max_tokens"]) for one in params} == {(0.7, 0.9, 8)}
    assert all(one["stop_token_ids"] == [0] and one["ignore_eos"] for one in params)


@pytest.mark.slow
def test_the_number_of_processes_changes_neither_rows_nor_order(policy, notes, monkeypatch):
    names = [f"query {number}" for number in range(7)]
    tables = []
    for devices in ("0", "0,1,2"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", devices)
        with load(policy, Sampling(engine="vllm"), gpus=len(devices.split(","))) as engine:
            tables.append(sample_responses(engine, queries(*names), DRAWN, seed=1, shard=3))
    pd.testing.assert_frame_equal(*tables)
    assert len({note["devices"] for note in notes() if "params" in note}) > 1


def test_a_shard_is_one_call_whatever_the_number_of_processes(policy, notes, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    with load(policy, Sampling(engine="vllm"), gpus=2) as engine:
        sample_responses(engine, queries("a", "b", "c"), GREEDY, seed=1, shard=2)
    assert sorted(len(note["params"]) for note in notes() if "params" in note) == [1, 2]


def test_a_process_that_cannot_start_is_told_with_its_gpu(policy, notes, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,4")
    monkeypatch.setenv("FAKE_VLLM_BREAKS", "4")
    with pytest.raises(InputError, match=r"^vLLM on GPU 4 ended: ValueError: no free memory; see its messages"):
        load(policy, Sampling(engine="vllm"), gpus=2)


def test_a_process_that_dies_is_told(policy, notes, monkeypatch):
    monkeypatch.setenv("FAKE_VLLM_DIES", "yes")
    with (
        load(policy, Sampling(engine="vllm")) as engine,
        pytest.raises(InputError, match=r"^vLLM on the CPU ended: exit status 9; "),
    ):
        engine.generate([[{"role": "user", "content": "a"}]], [1], GREEDY)


def test_a_prompt_that_leaves_no_room_for_its_response_is_refused(policy, notes):
    with (
        load(policy, Sampling(engine="vllm", max_model_len=10)) as engine,
        pytest.raises(InputError, match=r"^max_model_len: 10 tokens are too few .* max_new_tokens \(11 together\)"),
    ):
        engine.generate([[{"role": "user", "content": "abc"}]], [1], GREEDY)


def test_auto_is_vllm_on_gpus_and_transformers_on_the_cpu(policy, notes, monkeypatch):
    made = []
    monkeypatch.setattr("reward_memory.generation.engine.VllmEngine", lambda *_, devices, **__: made.append(devices))
    monkeypatch.setattr(
        "reward_memory.generation.engine.TransformersEngine", lambda *_, device, **__: made.append(device)
    )
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "6")
    load(policy, Sampling(engine="auto"), gpus=1)
    load(policy, Sampling(engine="auto"), gpus=0)
    load(policy, Sampling(engine="transformers"), gpus=1)
    assert made == [["6"], "cpu", "cuda"]


def test_without_vllm_the_mend_is_told(policy, monkeypatch):
    monkeypatch.setattr(vllm_engine, "find_spec", lambda name: None)
    with pytest.raises(
        InputError, match=r"engine: vllm is not installed; run `pip install -e '\.\[gpu\]'` .* or set engine: transf"
    ):
        load(policy, Sampling(engine="vllm"))
