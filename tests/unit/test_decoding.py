import numpy as np
import pytest
import torch
from scipy import stats
from transformers import GenerationConfig, Qwen2Config, Qwen2ForCausalLM, Qwen3NextConfig, Qwen3NextForCausalLM

from reward_memory.generation import decoding
from reward_memory.generation.decoding import decode
from reward_memory.seeds import derive

PAD, END, VOCABULARY = 0, 1, 300
#: Lengths 2 to 7, each prompt twice, so that a batch of all shares their prefill.
PROMPTS = [[20 + 7 * length + place for place in range(length)] for length in range(2, 8)] * 2
SEEDS = [derive("row", row) for row in range(len(PROMPTS))]


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    config = Qwen2Config(
        vocab_size=VOCABULARY,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=64,
        tie_word_embeddings=False,
        eos_token_id=END,
        pad_token_id=PAD,
        bos_token_id=None,
    )
    model = Qwen2ForCausalLM(config).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            # far from uniform, and with attention that looks at the prompt
            if weight.dim() == 2:
                weight.normal_(0.0, 0.25 if "lm_head" in name else 0.15)
    model.generation_config = GenerationConfig(eos_token_id=END, pad_token_id=PAD)
    return model


def sample(model, prompts=PROMPTS, seeds=SEEDS, *, temperature=1.0, top_p=1.0, max_new_tokens=10, log_probs=False):
    return decode(
        model,
        prompts,
        seeds,
        temperature=temperature,
        top_p=top_p,
        max_new_tokens=max_new_tokens,
        log_probs=log_probs,
    )


@torch.no_grad()
def next_logits(model, tokens: list[int]) -> torch.Tensor:
    """A plain forward pass: no padding, no cache."""
    return model(torch.tensor([tokens])).logits[0].double()


def first_tokens(model, count: int, **options) -> np.ndarray:
    out = sample(
        model, [PROMPTS[3]] * count, [derive("first", row) for row in range(count)], max_new_tokens=1, **options
    )
    return np.array([one.tokens[0] for one in out])


def fit(tokens: np.ndarray, probabilities: np.ndarray) -> float:
    """p value of a chi-square test; tokens expected fewer than 5 times are taken together."""
    expected = probabilities * len(tokens)
    observed = np.bincount(tokens, minlength=len(probabilities))
    common = expected >= 5
    observed = np.append(observed[common], observed[~common].sum())
    expected = np.append(expected[common], expected[~common].sum())
    kept = expected > 0
    assert (observed[~kept] == 0).all()
    return stats.chisquare(observed[kept], expected[kept]).pvalue


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_the_draws_of_a_row_do_not_depend_on_its_batch(model, temperature):
    together = sample(model, temperature=temperature)
    alone = [
        sample(model, [prompt], [seed], temperature=temperature)[0] for prompt, seed in zip(PROMPTS, SEEDS, strict=True)
    ]
    without_shared_prefill = sample(model, PROMPTS[:6], SEEDS[:6], temperature=temperature)
    assert [one.tokens for one in together] == [one.tokens for one in alone]
    assert [one.tokens for one in together[:6]] == [one.tokens for one in without_shared_prefill]


def test_the_draws_of_a_row_do_not_depend_on_its_place(model):
    order = np.random.default_rng(1).permutation(len(PROMPTS))
    shuffled = sample(model, [PROMPTS[row] for row in order], [SEEDS[row] for row in order])
    plain = sample(model)
    assert [one.tokens for one in shuffled] == [plain[row].tokens for row in order]


def test_rows_of_one_prompt_differ_by_their_seeds_alone(model):
    first, second, again = sample(model, [PROMPTS[0]] * 3, [5, 6, 5])
    assert first.tokens == again.tokens
    assert first.tokens != second.tokens


def test_a_longer_limit_goes_on_where_a_shorter_one_stopped(model):
    short, long = sample(model, max_new_tokens=3), sample(model, max_new_tokens=9)
    assert [one.tokens for one in short] == [one.tokens[:3] for one in long]


@pytest.mark.parametrize("prompts", [PROMPTS, PROMPTS[:6]], ids=["shared prefill", "no shared prefill"])
@pytest.mark.parametrize(("temperature", "top_p"), [(1.0, 1.0), (0.7, 0.9), (0.0, 1.0)])
def test_log_probabilities_are_those_of_a_plain_forward_pass_at_that_temperature(model, prompts, temperature, top_p):
    # verl's actor divides by the temperature too: other figures here would bend its first policy ratio
    out = sample(model, prompts, SEEDS[: len(prompts)], temperature=temperature, top_p=top_p, log_probs=True)
    for prompt, one in zip(prompts, out, strict=True):
        logits = next_logits(model, prompt + one.tokens)[len(prompt) - 1 : -1] / (temperature or 1.0)
        expected = logits.log_softmax(-1).gather(-1, torch.tensor(one.tokens)[:, None])[:, 0]
        assert one.log_probs == pytest.approx(expected.tolist(), abs=1e-5)


def test_log_probabilities_come_only_when_asked_for(model):
    assert all(one.log_probs is None for one in sample(model))


@pytest.mark.parametrize("temperature", [1.0, 0.6])
def test_first_tokens_are_as_frequent_as_the_softmax_says(model, temperature):
    expected = (next_logits(model, PROMPTS[3])[-1] / temperature).softmax(-1).numpy()
    assert fit(first_tokens(model, 4000, temperature=temperature), expected) > 0.01


def test_second_tokens_are_drawn_from_the_softmax_after_the_first(model):
    prompt = PROMPTS[5]
    out = sample(model, [prompt] * 4000, [derive("second", row) for row in range(4000)], max_new_tokens=2)
    first = max({one.tokens[0] for one in out} - {END}, key=[one.tokens[0] for one in out].count)
    seconds = np.array([one.tokens[1] for one in out if one.tokens[0] == first])
    assert len(seconds) > 150
    assert fit(seconds, next_logits(model, [*prompt, first])[-1].softmax(-1).numpy()) > 0.01


def test_top_p_draws_from_the_smallest_set_that_holds_the_mass(model):
    probabilities = next_logits(model, PROMPTS[3])[-1].softmax(-1).numpy()
    order = np.argsort(-probabilities)
    size = int(np.searchsorted(np.cumsum(probabilities[order]), 0.6)) + 1
    nucleus = order[:size]
    assert 3 < size < VOCABULARY / 2  # the case is neither trivial nor everything
    expected = np.zeros(VOCABULARY)
    expected[nucleus] = probabilities[nucleus] / probabilities[nucleus].sum()
    assert fit(first_tokens(model, 4000, top_p=0.6), expected) > 0.01


def test_a_top_p_below_the_likeliest_token_leaves_that_one(model):
    likeliest = int(next_logits(model, PROMPTS[3])[-1].argmax())
    assert set(first_tokens(model, 50, top_p=1e-6)) == {likeliest}


def test_temperature_0_takes_the_likeliest_token_each_time(model):
    for prompt, one in zip(PROMPTS, sample(model, temperature=0.0), strict=True):
        tokens = list(prompt)
        for _ in one.tokens:
            tokens.append(int(next_logits(model, tokens)[-1].argmax()))
        assert one.tokens == tokens[len(prompt) :]


def test_a_response_ends_with_its_first_end_token(model):
    plain = sample(model, temperature=0.0)
    end = plain[0].tokens[2]
    model.generation_config.eos_token_id = [END, end]
    try:
        ended = sample(model, temperature=0.0)
    finally:
        model.generation_config.eos_token_id = END
    assert ended[0].tokens == plain[0].tokens[: plain[0].tokens.index(end) + 1]
    for before, after in zip(plain, ended, strict=True):
        assert after.finished == (end in before.tokens or END in before.tokens)
        assert after.tokens == before.tokens[: len(after.tokens)]
        assert not set(after.tokens[:-1]) & {END, end}


def test_a_response_that_runs_into_the_limit_is_not_finished(model):
    out = sample(model, temperature=0.0, max_new_tokens=4)
    assert [one.finished for one in out] == [END in one.tokens for one in out]
    assert not out[0].finished
    assert len(out[0].tokens) == 4


def test_a_pad_token_within_a_prompt_is_part_of_the_prompt(model):
    prompts = [[PAD, 30, 31], [30, 31], [PAD, 30, 31], [30, 31]]
    together = sample(model, prompts, SEEDS[:4])
    assert [one.tokens for one in together] == [
        sample(model, [prompt], [seed])[0].tokens for prompt, seed in zip(prompts, SEEDS[:4], strict=True)
    ]


def test_a_policys_own_generation_settings_do_not_bend_its_distribution(model):
    expected, own = sample(model), model.generation_config
    model.generation_config = GenerationConfig(
        eos_token_id=END,
        pad_token_id=PAD,
        repetition_penalty=1.5,
        no_repeat_ngram_size=1,
        min_new_tokens=5,
        do_sample=True,
        top_k=3,
        temperature=0.1,
    )
    try:
        assert sample(model) == expected
        assert model.generation_config.repetition_penalty == 1.5  # and it is given back as it was
    finally:
        model.generation_config = own


def test_a_policy_without_pad_token_samples_as_with_one(model):
    expected, own = sample(model), model.generation_config
    model.generation_config = GenerationConfig(eos_token_id=END)
    try:
        assert sample(model) == expected
    finally:
        model.generation_config = own


def test_a_policy_without_end_token_fills_the_limit(model):
    own, model.generation_config = model.generation_config, GenerationConfig(pad_token_id=PAD)
    try:
        assert {len(one.tokens) for one in sample(model)} == {10}
    finally:
        model.generation_config = own


def ending(model) -> GenerationConfig:
    """Settings in which a sixth of all tokens end a response, so that lengths differ."""
    return GenerationConfig(eos_token_id=list(range(1, VOCABULARY, 6)), pad_token_id=PAD)


@pytest.mark.parametrize("together", [1, 4, 40])
def test_responses_do_not_depend_on_when_the_ended_ones_leave(model, monkeypatch, together):
    monkeypatch.setattr(model, "generation_config", ending(model))
    ends = set(model.generation_config.eos_token_id)
    monkeypatch.setattr(decoding, "ROUND", together)
    rows = sample(model, max_new_tokens=30)
    lengths = {len(one.tokens) for one in rows}
    # some leave in the first rounds, some stay
    assert min(lengths) < 4
    assert max(lengths) > 8
    for prompt, seed, one in zip(PROMPTS, SEEDS, rows, strict=True):
        [alone] = sample(model, [prompt], [seed], max_new_tokens=30)
        assert (one.tokens, one.finished) == (alone.tokens, alone.finished)
        assert one.finished == (one.tokens[-1] in ends)
        assert not ends & set(one.tokens[:-1])


def test_ended_responses_are_not_computed_on(model, monkeypatch):
    monkeypatch.setattr(model, "generation_config", ending(model))
    monkeypatch.setattr(decoding, "ROUND", 4)
    sizes = []
    hook = model.lm_head.register_forward_hook(lambda module, given, out: sizes.append(len(out)))
    try:
        rows = sample(model, max_new_tokens=30)
        first, sizes = sizes, []
        with_log_probs = sample(model, max_new_tokens=30, log_probs=True)
    finally:
        hook.remove()
    # of each round of four tokens: the responses that were not over before
    lengths = np.array([len(one.tokens) for one in rows])
    assert first == [int((lengths > 4 * (step // 4)).sum()) for step in range(len(first))]
    assert first[-1] < first[0]
    # log-probabilities come from the whole batch
    assert sizes == [len(PROMPTS)] * lengths.max()
    assert [one.tokens for one in with_log_probs] == [one.tokens for one in rows]


def test_a_policy_with_linear_attention_samples_as_its_plain_forward_pass(monkeypatch):
    torch.manual_seed(0)
    config = Qwen3NextConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        layer_types=["linear_attention", "full_attention"],
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        linear_num_key_heads=2,
        linear_num_value_heads=2,
        linear_key_head_dim=16,
        linear_value_head_dim=16,
        num_experts=2,
        num_experts_per_tok=1,
        moe_intermediate_size=32,
        shared_expert_intermediate_size=32,
        eos_token_id=END,
        pad_token_id=PAD,
        bos_token_id=None,
    )
    model = Qwen3NextForCausalLM(config).eval()
    model.generation_config = GenerationConfig(eos_token_id=END, pad_token_id=PAD)
    monkeypatch.setattr(decoding, "ROUND", 3)
    for prompt, one in zip(PROMPTS, sample(model, temperature=0.0), strict=True):
        greedy = next_logits(model, prompt + one.tokens)[len(prompt) - 1 : -1].argmax(-1)
        assert greedy.tolist() == one.tokens
