"""The bootstrap: the same weights every time, also after an interruption."""

import copy
import hashlib
import io
import subprocess
import sys
import textwrap
import time
from concurrent.futures import Future
from itertools import chain
from types import SimpleNamespace

import pytest
import torch

from reward_memory.data import generated
from reward_memory.errors import InputError
from reward_memory.jobs import processes
from reward_memory.policies.bootstrap import curriculum, pretraining
from reward_memory.policies.bootstrap.architecture import new_model
from reward_memory.policies.bootstrap.pretraining import bootstrap
from reward_memory.policies.bootstrap.tokenizer import train_tokenizer
from reward_memory.policies.snapshots import check
from reward_memory.seeds import derive
from reward_memory.settings import Bootstrap
from reward_memory.settings.checking import validated

#: Of the tokens of a block's batches at noise 0.4, seed 0 and 800 steps: what the policies of the figures hang on.
PINNED = {0: "638ad3e99cd0055e", 60: "c35b01435d4810ea", 90: "6aa1ea007585c49f"}
TINY = {"hidden_size": 32, "num_hidden_layers": 1, "steps": 20, "seed": 3}


def tiny(**changes) -> Bootstrap:
    return Bootstrap(**TINY | changes)


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(0)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "policy"
    return out, bootstrap(out, tiny())


def weights(out):
    return (out / "model.safetensors").read_bytes()


def test_a_bootstrap_gives_a_whole_policy_and_its_figures(whole):
    out, figures = whole
    check(out)
    assert figures["parameters"] > 30_000
    assert 0 < figures["loss"] < 8
    assert figures["seconds"] > 0


@pytest.mark.slow
def test_two_bootstraps_of_one_seed_give_the_same_bytes(whole, tmp_path):
    bootstrap(tmp_path / "again", tiny())
    for file in sorted(whole[0].iterdir()):
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes()


@pytest.mark.slow
def test_another_seed_gives_another_policy(whole, tmp_path):
    bootstrap(tmp_path / "other", tiny(seed=4))
    assert weights(tmp_path / "other") != weights(whole[0])


@pytest.mark.slow
def test_an_interrupted_bootstrap_goes_on_to_the_identical_policy(whole, tmp_path, monkeypatch):
    monkeypatch.setattr(pretraining, "CHECKPOINT_EVERY", 0.0)
    learn, seen = pretraining.Run.learn, []

    def dying(run, batch, helper):
        if run.step == 13:
            raise KeyboardInterrupt
        seen.append(run.step)
        learn(run, batch, helper)

    monkeypatch.setattr(pretraining.Run, "learn", dying)
    with pytest.raises(KeyboardInterrupt):
        bootstrap(tmp_path / "policy", tiny(), state=tmp_path / "state")
    assert not (tmp_path / "policy").exists()
    assert list((tmp_path / "state").iterdir())

    def counting(run, batch, helper):
        seen.append(run.step)
        learn(run, batch, helper)

    monkeypatch.setattr(pretraining.Run, "learn", counting)
    seen.clear()
    figures = bootstrap(tmp_path / "policy", tiny(), state=tmp_path / "state")
    assert seen == list(range(8, 20))
    assert weights(tmp_path / "policy") == weights(whole[0])
    assert (figures["loss"], figures["tokens"]) == (whole[1]["loss"], whole[1]["tokens"])
    assert not list((tmp_path / "state").iterdir())


@pytest.mark.slow
def test_a_checkpoint_of_other_settings_is_not_taken(whole, tmp_path, monkeypatch):
    monkeypatch.setattr(pretraining, "CHECKPOINT_EVERY", 0.0)
    monkeypatch.setattr(pretraining, "save", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        bootstrap(tmp_path / "policy", tiny(noise=0.1), state=tmp_path / "state")
    monkeypatch.undo()
    bootstrap(tmp_path / "policy", tiny(), state=tmp_path / "state")
    assert weights(tmp_path / "policy") == weights(whole[0])


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    """The checkpoint of a bootstrap that was interrupted when all but the policy was there: its name, its content."""
    folder = tmp_path_factory.mktemp("snapshot")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pretraining, "CHECKPOINT_EVERY", 0.0)
        patch.setattr(pretraining, "save", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            bootstrap(folder / "policy", tiny(), state=folder / "state")
    [checkpoint] = (folder / "state").iterdir()
    return checkpoint.name, checkpoint.read_bytes()


def flip(content: bytes) -> bytes:
    changed = bytearray(content)
    changed[len(changed) // 2] ^= 1
    return bytes(changed)


def saved(**values) -> bytes:
    """A whole file of PyTorch with other content."""
    buffer = io.BytesIO()
    torch.save(values, buffer)
    return buffer.getvalue()


DAMAGES = {
    "empty": lambda _: b"",
    "short": lambda content: content[:5000],
    "half": lambda content: content[: len(content) // 2],
    "all but the end": lambda content: content[:-1],
    "zeros": lambda content: bytes(len(content)),
    "a bit": flip,
    "text": lambda _: b"version https://git-lfs.github.com/spec/v1",
    "another content": lambda _: saved(step=3),
    "a list": lambda _: saved(model=[], optimizer=[], step=0, tokens=0, loss=0.0),
    "a folder": lambda _: None,
}


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_is_named_and_the_bootstrap_starts_over(whole, snapshot, tmp_path, capsys, damage):
    name, content = snapshot
    (tmp_path / "state").mkdir()
    checkpoint = tmp_path / "state" / name
    changed = DAMAGES[damage](content)
    if changed is None:
        checkpoint.mkdir()
    else:
        checkpoint.write_bytes(changed)
    bootstrap(tmp_path / "policy", tiny(), state=tmp_path / "state")
    assert f"{checkpoint}: is not a complete checkpoint; the bootstrap starts over.\n" in capsys.readouterr().err
    assert weights(tmp_path / "policy") == weights(whole[0])
    assert not list((tmp_path / "state").iterdir())


def test_the_callers_threads_are_left_as_they_were(tmp_path):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        bootstrap(tmp_path / "policy", tiny(steps=1))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


class InTurn:
    """A helper that does its half at once, on a copy of the model, as if there were one process."""

    def __init__(self, run, monkeypatch):
        helped = SimpleNamespace(model=copy.deepcopy(run.model), other=run.other)
        for weights, same in zip(run.model.parameters(), helped.model.parameters(), strict=True):
            same.data = weights.data
        monkeypatch.setattr(pretraining, "_helped", [helped])

    def submit(self, function, *arguments):
        done = Future()
        done.set_result(function(*arguments))
        return done


def test_two_processes_learn_what_one_would(tokenizer, monkeypatch):
    batches = curriculum.block(tokenizer, 0, 800, 1, 0.4)[:3]
    together, alone = (pretraining.Run(new_model(tokenizer, 32, 1, 0), len(batches)) for _ in range(2))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with pretraining._helper(together) as helper:
            for batch in batches:
                together.learn(batch, helper)
        for batch in batches:
            alone.learn(batch, InTurn(alone, monkeypatch))
    finally:
        torch.set_num_threads(threads)
    assert together.loss == alone.loss
    assert all(map(torch.equal, together.model.parameters(), alone.model.parameters()))


def test_the_helper_ends_with_the_process_that_it_helps():
    """Killed, not ended: nobody is left to tell the helper."""
    code = textwrap.dedent(
        """
        import os, signal
        from types import SimpleNamespace
        from reward_memory.policies.bootstrap import pretraining
        helper = pretraining._helper(SimpleNamespace())
        print(helper.submit(os.getpid).result(), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    pid, deadline = int(done.stdout), time.monotonic() + 10
    while processes.born(pid) is not None:
        assert time.monotonic() < deadline, f"helper {pid} is still there"
        time.sleep(0.05)


def test_the_halves_have_the_gradient_and_the_loss_of_the_batch(tokenizer, monkeypatch):
    batch = curriculum.block(tokenizer, 60, 800, 1, 0.4)[0]
    run = pretraining.Run(new_model(tokenizer, 32, 1, 0), 1)
    whole = new_model(tokenizer, 32, 1, 0).train()
    logits = whole(input_ids=batch.tokens[:, :-1]).logits
    counted = torch.where(batch.learned[:, 1:], batch.tokens[:, 1:], -100)
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), counted.flatten())
    loss.backward()
    monkeypatch.setattr(pretraining, "CLIP", 1e9)
    monkeypatch.setattr(pretraining, "has_bfloat16", lambda: False)
    monkeypatch.setattr(run.optimizer, "zero_grad", lambda **_: None)
    run.learn(batch, InTurn(run, monkeypatch))
    assert run.loss == pytest.approx(loss.item(), rel=1e-5)
    for mine, expected in zip(run.model.parameters(), whole.parameters(), strict=True):
        assert torch.allclose(mine.grad, expected.grad, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("steps", 0),
        ("noise", 1.5),
        ("noise", -0.1),
        ("hidden_size", 50),
        ("num_hidden_layers", 0),
        ("benchmarks", "limo"),
    ],
)
def test_impossible_settings_name_their_key(key, value):
    with pytest.raises(InputError, match=f"bootstrap: {key}: {value!r} is not"):
        validated(Bootstrap, {**TINY, key: value}, "policies: bootstrap")


def test_only_the_response_is_learnt_and_padding_never(tokenizer):
    for batch in curriculum.block(tokenizer, 10, 100, seed=0, noise=0.4):
        assert batch.tokens.shape == batch.learned.shape
        assert not (batch.learned & (batch.tokens == tokenizer.pad_token_id)).any()
        prompt = tokenizer.decode(batch.tokens[0][~batch.learned[0]], skip_special_tokens=False)
        assert prompt.startswith("<|im_start|>user\n")


@pytest.fixture(scope="module")
def boxing_tokenizer():
    return train_tokenizer(0, curriculum.CURRICULA["meds"].names)


@pytest.mark.slow
@pytest.mark.parametrize("benchmarks", curriculum.CURRICULA)
def test_the_bootstrap_reads_no_prompt_of_any_benchmark(tokenizer, boxing_tokenizer, benchmarks):
    tokenizer = boxing_tokenizer if benchmarks == "meds" else tokenizer
    for index in (0, 40, 90):
        for batch in curriculum.block(tokenizer, index, 800, 1, 0.4, curriculum.CURRICULA[benchmarks]):
            for tokens, learned in zip(batch.tokens, batch.learned, strict=True):
                prompt = tokenizer.decode(tokens[: int(learned.int().argmax())])
                if prompt:
                    question = prompt.removeprefix("<|im_start|>user\n").removesuffix(
                        "<|im_end|>\n<|im_start|>assistant\n"
                    )
                    assert not generated.is_reserved(question)


def test_the_texts_and_tokens_of_a_bootstrap_for_memreward_are_as_they_always_were():
    tokenizer = train_tokenizer(derive("tokenizer", 0))
    text = tokenizer.backend_tokenizer.to_str()
    assert hashlib.sha256(text.encode()).hexdigest().startswith("3dd5da2bb84e5a9e")
    for index, pinned in PINNED.items():
        read = hashlib.sha256()
        for part in chain.from_iterable(curriculum.block(tokenizer, index, 800, 0, 0.4)):
            read.update(part.numpy().tobytes())
        assert read.hexdigest().startswith(pinned)


def test_a_bootstrap_for_meds_reads_boxes_and_the_training_set_most(boxing_tokenizer):
    chosen = curriculum.CURRICULA["meds"]
    batches = curriculum.block(boxing_tokenizer, 99, 800, 0, 0.4, chosen)
    texts = [boxing_tokenizer.decode(row) for batch in batches for row in batch.tokens]
    assert all(r"\boxed{ " in text and "####" not in text for text in texts)
    assert max(zip(chosen.weights, chosen.names, strict=True))[1] == "dapo_math_17k"


def test_the_configuration_names_every_curriculum():
    assert Bootstrap.model_json_schema()["properties"]["benchmarks"]["enum"] == list(curriculum.CURRICULA)


@pytest.mark.slow
def test_a_policy_for_meds_is_another_one_with_a_tokenizer_of_its_own(whole, tmp_path):
    figures = bootstrap(tmp_path / "policy", tiny(benchmarks="meds"))
    check(tmp_path / "policy")
    assert figures["benchmarks"] == "meds"
    assert weights(tmp_path / "policy") != weights(whole[0])


def test_a_block_depends_on_its_index_and_seed_alone(tokenizer):
    first, again, other = (curriculum.block(tokenizer, index, 800, 1, 0.4) for index in (5, 5, 6))
    assert all(torch.equal(a.tokens, b.tokens) for a, b in zip(first, again, strict=True))
    assert not all(torch.equal(a.tokens, b.tokens) for a, b in zip(first, other, strict=True))


def test_the_learning_rate_warms_up_stays_and_falls_to_nearly_nothing():
    factors = [pretraining.learning_rate_factor(step, 1000) for step in range(1000)]
    assert factors[0] == pytest.approx(1 / 30)
    assert factors[29:400] == pytest.approx([1.0] * 371)
    assert factors[700] == pytest.approx(0.5)
    assert 0 < factors[-1] < 0.01


@pytest.mark.long
def test_a_short_bootstrap_learns_the_format_and_lowers_the_loss(tmp_path):
    figures = bootstrap(tmp_path / "policy", Bootstrap(hidden_size=64, num_hidden_layers=2, steps=120))
    assert figures["loss"] < 2.0
