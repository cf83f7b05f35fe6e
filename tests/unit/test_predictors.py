"""Every predictor behind the one interface."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from graph_rollouts import frames, made_up
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from reward_memory.data import labels
from reward_memory.errors import InputError
from reward_memory.reward_models.base import save
from reward_memory.reward_models.baselines.logistic import _fit, sources
from reward_memory.reward_models.features.embedding import embed_rollouts, query_text
from reward_memory.reward_models.features.signals import NAMES
from reward_memory.reward_models.graph_plus import _weigh
from reward_memory.reward_models.names import LABEL_FREE, PREDICTORS
from reward_memory.reward_models.registry import fit, load
from reward_memory.reward_models.rollouts import assemble

SMALL = {"hidden_channels": 16, "epochs": 6}
NETWORKS = tuple(name for name in PREDICTORS.names if name.startswith(("graph", "mlp")))
#: Probabilities of the first query of `made_up(..., seed=3)` by chance, with seed 0.
CHANCE = [0.23544973, 0.94776833, 0.99921560, 0.25240505]
EVERY = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name == "graph-plus" else []) for name in PREDICTORS.names]
)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def small(name):
    return SMALL if name in NETWORKS else {}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def half(rollouts):
    """The same with the truth of the second half hidden."""
    shown = rollouts.group < len(rollouts.query_ids) // 2
    return replace(rollouts, rewards=np.where(shown, rollouts.rewards, np.nan).astype(np.float32))


@pytest.mark.slow
@EVERY
def test_what_is_saved_predicts_as_what_was_fitted(name, tmp_path):
    model, new = fit(name, made_up([4] * 12), **small(name)), made_up([3, 1, 5], seed=1)
    save(model, tmp_path)
    assert (load(tmp_path).score(new) == model.score(new)).all()
    assert load(tmp_path).name == name


@pytest.mark.slow
@EVERY
def test_hidden_rewards_change_no_byte(name, tmp_path):
    rollouts = made_up([4] * 16)
    for folder, seen in (("one", half(rollouts)), ("two", half(rollouts).take(np.arange(8)))):
        save(fit(name, seen, **small(name)), tmp_path / folder)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.slow
@EVERY
def test_raw_texts_score_as_the_embedded_rollouts_do(name, tmp_path):
    queries, responses, verdicts = frames(8)
    embed_rollouts(queries, responses, tmp_path / "e")
    rollouts = assemble([(queries, responses, tmp_path / "e")], labels.reveal(verdicts, labels.route(queries, 50, 0)))
    model = fit(name, rollouts, **small(name))
    groups = [
        list(zip(part["thinking"], part["answer"], strict=True))
        for _, part in responses.groupby("query_id", sort=False)
    ]
    predicted = model.predict([query_text(one) for one in queries["messages"]], groups, ["math"] * 8)
    assert np.concatenate(predicted) == pytest.approx(model.score(rollouts), abs=1e-5)


@pytest.mark.slow
@EVERY
def test_a_query_without_responses_has_no_probability(name):
    model = fit(name, made_up([4] * 12), **small(name))
    found = model.predict(["a", "b", "c"], [[], [("t", "#### 1"), ("u", "#### 2")], []], ["math"] * 3)
    assert [len(one) for one in found] == [0, 2, 0]
    assert model.predict(["a"], [[]], ["math"])[0].size == 0


@pytest.mark.parametrize("name", sorted(set(PREDICTORS.names) - set(LABEL_FREE)))
def test_two_labeled_queries_are_needed(name):
    with pytest.raises(InputError, match="1 labeled queries"):
        fit(name, made_up([4]))


def test_an_unknown_predictor_is_named():
    with pytest.raises(InputError, match="'oracle' is not one of graph,"):
        fit("oracle", made_up([4] * 4))


def test_an_answer_that_is_not_outvoted_is_right_by_majority():
    rollouts = made_up([3])
    table = np.zeros((3, len(NAMES)), np.float32)
    table[:, 0], table[:, 1] = [2 / 3, 2 / 3, 1 / 3], [1, 1, 0]
    found = fit("majority", made_up([4] * 4)).score(replace(rollouts, signals=table))
    assert found.tolist() == pytest.approx([5 / 6, 5 / 6, 1 / 6])


def test_chance_depends_on_seed_query_and_sample_alone():
    rollouts = made_up([4] * 200, seed=3)
    found = {seed: fit("random", made_up([4] * 4), seeds=(seed,)).score(rollouts) for seed in (0, 1)}
    # of no process: Python's own hash of text differs from one to the next
    assert found[0][:4].tolist() == pytest.approx(CHANCE, abs=1e-7)
    assert np.corrcoef(found[0], found[1])[0, 1] == pytest.approx(0, abs=0.12)
    assert ((found[0] >= 0) & (found[0] < 1)).all()
    assert found[0].mean() == pytest.approx(0.5, abs=0.05)
    assert len(set(found[0].tolist())) > 790
    # other responses, company or order: the same numbers
    some = rollouts.take(np.array([5, 0]))
    other = replace(some, answer=-some.answer, rewards=1 - some.rewards)
    expected = found[0].reshape(200, 4)[[5, 0]].ravel()
    assert fit("random", made_up([4] * 5)).score(other).tolist() == expected.tolist()


def test_neighbors_hand_down_the_rewards_of_alike_responses():
    labeled = made_up([2, 2, 2])
    model = fit("knn", labeled, num_neighbors=1)
    asked = labeled.take(np.array([1]))
    likeness = (
        np.concatenate([asked.thinking, asked.answer], 1) @ np.concatenate([asked.thinking, asked.answer], 1).T / 2
    )
    weights = np.exp(likeness / 0.1)
    expected = weights @ asked.rewards / weights.sum(1)
    assert model.score(asked) == pytest.approx(expected, abs=1e-5)


def test_neighbors_may_have_any_number_of_responses():
    assert fit("knn", made_up([1, 5, 2, 3]), num_neighbors=3).score(made_up([2, 1], seed=1)).shape == (3,)


def test_coefficients_are_those_of_scikit_learn_on_standardized_columns():
    draw = np.random.default_rng(0)
    table, rewards = draw.normal(3, 2, (60, 4)), (draw.random(60) < 0.4).astype(np.float32)
    coefficients, intercept = _fit(table, rewards, 0.1)
    scaled = (table - table.mean(0)) / table.std(0)
    model = LogisticRegression(C=0.1, max_iter=1000).fit(scaled, rewards)
    assert table @ coefficients + intercept == pytest.approx(model.decision_function(scaled), abs=1e-6)


def test_labels_of_one_class_give_their_rate():
    model = fit("logistic", replace(made_up([4] * 4), rewards=np.ones(16, np.float32)))
    assert model.score(made_up([2])) == pytest.approx([16.5 / 17] * 2)


def test_sources_say_who_agrees_with_whom():
    rollouts = replace(made_up([3]), keys=np.array(["7", "7", ""]))
    one_hot, agrees = sources(rollouts, 3).reshape(3, 2, 3).transpose(1, 0, 2)
    assert (one_hot == np.eye(3)).all()
    assert agrees.tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]


def test_samples_beyond_those_of_the_labels_have_no_columns():
    assert sources(made_up([5]), 2).reshape(5, 2, 2)[2:, 0].sum() == 0


def of_several_models(count, seed=0):
    """Two responses a query: the first model is nearly always right, the other nearly never; nothing else tells."""
    rollouts = made_up([2] * count, seed)
    rewards = np.where(rollouts.samples == 0, 1.0, 0.0)
    wrong = np.random.default_rng(seed).random(len(rewards)) < 0.1
    return replace(
        rollouts, rewards=np.where(wrong, 1 - rewards, rewards).astype(np.float32), keys=np.full(len(rewards), "1")
    )


@pytest.mark.slow
def test_graph_plus_learns_which_source_to_trust():
    model, new = fit("graph-plus", of_several_models(60), **SMALL), of_several_models(60, seed=1)
    assert model.config["linear"]["design"] == ["signals", "sources"]
    assert roc_auc_score(new.rewards, model.score(new)) > 0.8


@pytest.mark.slow
def test_graph_plus_leaves_the_graph_out_where_it_does_not_help():
    weights = []
    for seed in range(6):
        luck = np.random.default_rng(seed).integers(0, 2, 120).astype(np.float32)
        weights.append(fit("graph-plus", replace(made_up([4] * 30), rewards=luck), **SMALL).config["weight"])
    assert np.mean(np.array(weights) == 0) > 0.5


@pytest.mark.slow
def test_graph_plus_learns_from_the_embeddings_what_the_signals_leave():
    rollouts = made_up([8] * 120)
    model = fit("graph-plus", half(rollouts), hidden_channels=32, epochs=40)
    unseen = rollouts.group >= 60
    assert model.config["weight"] > 0
    assert roc_auc_score(rollouts.rewards[unseen], model.score(rollouts)[unseen]) > 0.8


def test_without_messages_no_other_node_plays_a_part():
    model, new = fit("mlp", made_up([4] * 12), **SMALL), made_up([4, 4], seed=1)
    changed = replace(new, thinking=np.concatenate([new.thinking[:4], -new.thinking[4:]]))
    assert (model.score(changed)[:4] == model.score(new)[:4]).all()


def test_without_thinking_nodes_thinking_plays_no_part():
    model, new = fit("graph-no-thinking", made_up([4] * 12), **SMALL), made_up([4], seed=1)
    assert (model.score(replace(new, thinking=-new.thinking)) == model.score(new)).all()
    graph = fit("graph", made_up([4] * 12), **SMALL)
    assert (graph.score(replace(new, thinking=-new.thinking)) != graph.score(new)).any()


@pytest.mark.slow
def test_a_design_must_help_by_more_than_chance_to_be_taken():
    labeled, draw = made_up([4] * 60), np.random.default_rng(3)
    telling = labeled.signals.copy()
    telling[:, NAMES.index("share")] = labeled.rewards + 0.5 * draw.standard_normal(len(labeled.rewards))
    noise = replace(labeled, signals=telling)
    assert fit("graph-plus", noise, **SMALL).config["linear"]["design"] == ["signals"]
    telling[:, NAMES.index("words_kept")] = labeled.rewards
    checked = replace(labeled, signals=telling)
    assert fit("graph-plus", checked, **SMALL).config["linear"]["design"] == ["signals", "checks"]


def test_the_graph_weighs_what_the_held_out_fold_is_sure_of():
    rewards, group = np.tile([1.0, 0.0], 20), np.repeat(np.arange(20), 2)
    offset, right = np.zeros(40), np.tile([2.0, -2.0], 20)
    assert _weigh(offset, right, rewards, group)[0] == 1.0
    assert _weigh(offset, -right, rewards, group)[0] == 0.0
    chance = np.random.default_rng(0).standard_normal(40)
    weight, gains = _weigh(offset, chance, rewards, group)
    assert weight == 0.0
    assert list(gains) == ["0.25", "0.5", "0.75", "1.0"]
    # hand-computed: log 2 - log(1 + e^-0.5) for every response
    assert _weigh(offset, right, rewards, group)[1]["0.25"] == pytest.approx([0.219070, 0], abs=1e-6)
