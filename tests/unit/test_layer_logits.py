import weakref

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import PhiConfig, PhiForCausalLM, Qwen2Config, Qwen2ForCausalLM

from reward_memory.training.verl.layer_logits import Capture, layer_logits, locate

SMALL = {"vocab_size": 50, "hidden_size": 32, "intermediate_size": 48, "num_attention_heads": 2}
SMALL["initializer_range"] = 0.3  # at the usual 0.02 all layers say nearly the same
LAYERS = 4


def qwen(tied: bool, layers: int = LAYERS) -> Qwen2ForCausalLM:
    torch.manual_seed(0)
    config = Qwen2Config(**SMALL, num_hidden_layers=layers, num_key_value_heads=1, tie_word_embeddings=tied)
    return Qwen2ForCausalLM(config).eval()


def phi() -> PhiForCausalLM:
    """Its lm_head has a bias."""
    torch.manual_seed(0)
    model = PhiForCausalLM(PhiConfig(**SMALL, num_hidden_layers=LAYERS)).eval()
    torch.nn.init.normal_(model.lm_head.bias)
    return model


MODELS = {"tied": lambda: qwen(True), "untied": lambda: qwen(False), "biased": phi}


def test_logits_of_two_layers_by_hand():
    hidden = torch.tensor([[[1.0, 2.0], [0.0, 1.0]], [[3.0, -1.0], [2.0, 2.0]]])  # layers, positions, width
    weight = torch.tensor([[1.0, 10.0], [5.0, -1.0]])
    assert layer_logits(hidden, weight).tolist() == [[21.0, -7.0], [-1.0, 8.0]]
    assert layer_logits(hidden, weight, torch.tensor([100.0, 0.5])).tolist() == [[121.0, 93.0], [-0.5, 8.5]]


@given(st.integers(1, 5), st.integers(0, 6), st.integers(1, 40), st.integers(0, 2**32 - 1), st.booleans())
def test_logits_equal_numpys_dot_products(layers, count, width, seed, biased):
    draw = np.random.default_rng(seed)
    hidden = draw.standard_normal((layers, count, width), dtype=np.float32)
    weight = draw.standard_normal((count, width), dtype=np.float32)
    bias = draw.standard_normal(count, dtype=np.float32) if biased else np.zeros(count, np.float32)
    expected = (hidden.astype(float) * weight).sum(-1).T + bias[:, None]
    found = layer_logits(*(torch.from_numpy(part) for part in (hidden, weight, bias)))
    assert found.shape == (count, layers)
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-4)


def test_half_precision_is_summed_in_float32():
    ones = torch.ones(4099, dtype=torch.bfloat16)
    assert layer_logits(ones[None, None], ones[None]).item() == 4099.0  # bfloat16 counts in steps of 32 there


def test_autocast_does_not_round_them():
    hidden, weight = torch.ones(2, 1, 4099, dtype=torch.bfloat16), torch.ones(1, 4099, dtype=torch.bfloat16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = layer_logits(hidden, weight, torch.tensor([0.25]))
    assert found.dtype == torch.float32
    assert found.tolist() == [[4099.25, 4099.25]]


def test_rows_of_packed_sequences_follow_one_another():
    tokens, offsets = torch.arange(100, 112), torch.tensor([0, 5, 8, 12])
    held, rows, after = locate(torch.tensor([3, -1, 0]), tokens, offsets, packed=True)
    assert (held.tolist(), rows.tolist(), after.tolist()) == ([0, 2], [3, 8], [104, 109])


def test_rows_of_padded_sequences_count_the_longest():
    tokens, offsets = torch.arange(100, 112), torch.tensor([0, 5, 8, 12])
    held, rows, after = locate(torch.tensor([3, 1, 0]), tokens, offsets, packed=False)
    assert (held.tolist(), rows.tolist(), after.tolist()) == ([0, 1, 2], [3, 6, 10], [104, 107, 109])


@pytest.mark.parametrize("packed", [True, False])
def test_no_position_gives_no_row(packed):
    found = locate(torch.tensor([-1, -1]), torch.arange(5), torch.tensor([0, 2, 5]), packed)
    assert [part.tolist() for part in found] == [[], [], []]


@pytest.mark.parametrize(("position", "said"), [(2, "of 3 tokens has no token after 2"), (-2, "no token after -2")])
def test_a_position_without_a_next_token_of_its_own_sequence_is_an_error(position, said):
    with pytest.raises(ValueError, match=said):
        locate(torch.tensor([0, position]), torch.arange(5), torch.tensor([0, 2, 5]), packed=True)


@pytest.mark.parametrize("kind", MODELS)
def test_captured_logits_equal_lm_head_on_transformers_hidden_states(kind):
    model = MODELS[kind]()
    ids = torch.randint(0, 50, (3, 9), generator=torch.Generator().manual_seed(1))
    sequences, places = torch.tensor([0, 1, 2]), torch.tensor([7, 0, 4])
    with torch.no_grad():
        hidden = model(ids, output_hidden_states=True).hidden_states[1:]
        expected = [model.lm_head(states[sequences, places]) for states in hidden]
        with Capture(model, sequences * 9 + places, ids[sequences, places + 1]) as capture:
            model(ids)
    expected = torch.stack([logits[sequences, ids[sequences, places + 1]] for logits in expected], -1)
    assert capture.logits.shape == (3, LAYERS)
    torch.testing.assert_close(capture.logits, expected, atol=1e-5, rtol=0)
    assert expected.diff(dim=1).abs().min() > 1e-3, "layers that agree would hide a mistaken layer"


@pytest.mark.parametrize("layers", [1, LAYERS])
def test_the_last_logit_is_the_one_the_policy_samples_from(layers):
    model, ids = qwen(True, layers), torch.randint(0, 50, (1, 9))
    with torch.no_grad(), Capture(model, torch.tensor([4]), ids[0, 5:6]) as capture:
        logits = model(ids).logits
    assert capture.logits.shape == (1, layers)
    torch.testing.assert_close(capture.logits[0, -1], logits[0, 4, ids[0, 5]], atol=1e-5, rtol=0)


def test_no_layers_output_outlives_the_next_layers():
    model, outputs, alive = qwen(False), [], []

    def watch(layer, inputs, output):
        outputs.append(weakref.ref(output))

    def count(head, inputs):
        alive.append(sum(output() is not None for output in outputs))

    with torch.no_grad(), Capture(model, torch.tensor([1]), torch.tensor([2])):
        for layer in model.model.layers:
            layer.register_forward_hook(watch)
        model.lm_head.register_forward_pre_hook(count)
        model(torch.arange(20)[None])
        model(torch.arange(20)[None], output_hidden_states=True)  # the other way, which keeps all but the last
    assert len(outputs) == 2 * LAYERS
    assert alive == [0, LAYERS - 1]


def test_nothing_is_left_in_the_model_after_an_error():
    model = qwen(True)
    with pytest.raises(IndexError), Capture(model, torch.tensor([10**6]), torch.tensor([0])):
        model(torch.arange(5)[None])
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_what_a_pass_gave_is_read_as_float32_whatever_it_computes_in(monkeypatch, dtype):
    from reward_memory.training.verl import engine

    given = torch.nested.nested_tensor([torch.tensor([1.5, -2.0]), torch.tensor([float("nan"), 0.25])]).to(dtype)
    monkeypatch.setattr(engine.tq, "kv_batch_get", lambda **asked: {engine.LOGITS: given})
    batch = engine.KVBatchMeta(partition_id="train", keys=["a", "b"], tags=[{}, {}])
    found = engine.read_layer_logits(batch)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, [[1.5, -2.0], [np.nan, 0.25]])
