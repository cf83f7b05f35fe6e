import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from graph_rollouts import frames, made_up
from sklearn.metrics import roc_auc_score

from reward_memory.data import labels
from reward_memory.errors import InputError
from reward_memory.reward_models.base import save
from reward_memory.reward_models.features.embedding import embed_rollouts, query_text
from reward_memory.reward_models.folds import hold_out
from reward_memory.reward_models.graph.fitting import fit
from reward_memory.reward_models.graph.memory import Memory
from reward_memory.reward_models.graph.reward_model import RewardModel
from reward_memory.reward_models.registry import load
from reward_memory.reward_models.rollouts import assemble, concatenate
from reward_memory.settings import RewardModel as Settings

SMALL = {"hidden_channels": 16, "epochs": 10}


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def in_memory(tmp_path: Path, count: int = 20, ratio: int = 50, nonsense: bool = False):
    """(queries, responses, verdicts, rollouts) with `ratio` % labeled, through the real files."""
    queries, responses, verdicts = frames(count)
    table = labels.route(queries, ratio, 0)
    if nonsense:
        hidden = ~table["labeled"]
        secret = verdicts["query_id"].isin(table["id"][hidden])
        verdicts.loc[secret, "reward"] = 1 - verdicts.loc[secret, "reward"]
    path = tmp_path / "embeddings.safetensors"
    embed_rollouts(queries, responses, path)
    return queries, responses, verdicts, assemble([(queries, responses, path)], labels.reveal(verdicts, table))


def partly_labeled(count: int, labeled: int):
    rollouts = made_up([4] * count)
    return replace(rollouts, rewards=np.where(rollouts.group < labeled, rollouts.rewards, np.nan).astype(np.float32))


def by_luck():
    """Rewards without a reason: the loss on the held-out fold soon rises."""
    luck = np.random.default_rng(0).integers(0, 2, 120).astype(np.float32)
    return replace(made_up([4] * 30), rewards=luck)


def test_it_learns_what_makes_a_response_right():
    rollouts, truth = made_up([8] * 120), made_up([8] * 120).rewards
    model = fit(replace(rollouts, rewards=np.where(rollouts.group < 60, truth, np.nan)), hidden_channels=32, epochs=40)
    unseen = rollouts.group >= 60
    assert roc_auc_score(truth[unseen], model.score(rollouts)[unseen]) > 0.8


def test_the_same_seeds_give_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        save(fit(made_up([4] * 20), seeds=[3, 4], **SMALL), tmp_path / name)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_another_seed_gives_another_model():
    one, two = (fit(made_up([4] * 20), seeds=[seed], **SMALL).score(made_up([4])) for seed in (0, 1))
    assert (one != two).any()


def test_the_state_of_other_generators_plays_no_part():
    torch.manual_seed(1)
    one = fit(made_up([4] * 20), **SMALL).score(made_up([4]))
    torch.manual_seed(2)
    before = torch.get_rng_state()
    assert (fit(made_up([4] * 20), **SMALL).score(made_up([4])) == one).all()
    assert (torch.get_rng_state() == before).all()


def test_overwriting_hidden_truths_changes_no_byte_of_the_model(tmp_path):
    for name in ("true", "nonsense"):
        (tmp_path / name).mkdir()
        *_, rollouts = in_memory(tmp_path / name, nonsense=name == "nonsense")
        save(fit(rollouts, **SMALL), tmp_path / name / "model")
    assert contents(tmp_path / "true" / "model") == contents(tmp_path / "nonsense" / "model")


def test_unlabeled_rollouts_change_no_byte_of_the_model(tmp_path):
    whole = partly_labeled(30, labeled=20)
    save(fit(whole, **SMALL), tmp_path / "whole")
    save(fit(whole.take(whole.labeled), **SMALL), tmp_path / "labeled")
    assert contents(tmp_path / "whole") == contents(tmp_path / "labeled")


def test_replacing_the_memory_by_noise_changes_predictions():
    model, new = fit(made_up([4] * 20), **SMALL), made_up([4] * 5, seed=1)
    noise = torch.Generator().manual_seed(0)
    keys = [torch.randn(key.shape, generator=noise) for key in model.memory.keys]
    noisy = RewardModel(model.network, Memory(model.memory.unit, keys), model.config, {})
    assert np.abs(noisy.score(new) - model.score(new)).max() > 1e-3


def test_the_memory_holds_every_labeled_query_and_no_other():
    assert len(fit(partly_labeled(30, labeled=20), **SMALL).memory.unit) == 20


@pytest.mark.slow
def test_the_best_weights_are_kept_and_not_the_last():
    rollouts = by_luck()
    long = fit(rollouts, hidden_channels=16, epochs=150, learning_rate=0.01, patience=60)
    (run,) = long.metrics["runs"]
    assert run["epoch"] < run["looks"][-1][0]
    assert run["score"] == pytest.approx(max(look[2] for look in run["looks"]), abs=1e-6)
    short = fit(rollouts, hidden_channels=16, epochs=run["epoch"], learning_rate=0.01, patience=60)
    assert (short.score(made_up([4], seed=1)) == long.score(made_up([4], seed=1))).all()


def test_training_stops_when_patience_ends():
    done = []
    model = fit(
        by_luck(), hidden_channels=16, learning_rate=0.01, patience=10, report=lambda count, note: done.append(count)
    )
    (run,) = model.metrics["runs"]
    assert run["looks"][-1][0] - run["epoch"] == 10
    assert sum(done) == Settings().epochs


def test_the_seed_with_the_best_score_is_frozen():
    model = fit(made_up([4] * 20), seeds=[0, 1, 2], **SMALL)
    scores = {run["seed"]: run["score"] for run in model.metrics["runs"]}
    assert model.metrics["seed"] == max(scores, key=scores.get)
    alone = fit(made_up([4] * 20), seeds=[0], **SMALL)
    assert alone.metrics["runs"][0] == model.metrics["runs"][0]


def test_the_held_out_fold_spreads_over_the_benchmarks_and_ignores_row_order():
    rollouts = made_up([1] * 60)
    held = hold_out(rollouts, 0.2, 0)
    assert [int(held[rollouts.benchmarks == name].sum()) for name in np.unique(rollouts.benchmarks)] == [4, 4, 4]
    turned = rollouts.take(np.arange(60)[::-1])
    assert (hold_out(turned, 0.2, 0) == held[::-1]).all()


@pytest.mark.parametrize("share", [0.01, 0.011, 0.99])
def test_both_folds_have_a_query(share):
    assert hold_out(made_up([1] * 2), share, 0).sum() == 1
    model = fit(made_up([2] * 2), holdout=share, **SMALL)
    assert np.isfinite(model.score(made_up([3]))).all()


@pytest.mark.parametrize("reward", [0.0, 1.0])
def test_rewards_of_one_class_still_train(reward):
    rollouts = made_up([4] * 10)
    model = fit(replace(rollouts, rewards=np.full(40, reward, np.float32)), criterion="auc", **SMALL)
    assert np.isfinite(model.score(rollouts)).all()


@pytest.mark.parametrize("criterion", ["loss", "auc", "f1", "fpr"])
def test_every_criterion_selects(criterion):
    assert fit(made_up([4] * 20), criterion=criterion, **SMALL).metrics["runs"][0]["epoch"] > 0


def test_too_few_labels_are_an_error():
    with pytest.raises(InputError, match=r"1 labeled queries .* raise label_ratios"):
        fit(partly_labeled(10, labeled=1), **SMALL)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ({"hiden": 3}, "hiden: no such key"),
        ({"hidden_channels": 30}, "heads: 4 does not divide hidden_channels, 30"),
        ({"epochs": 0}, "epochs: 0 is not a whole number of at least 1"),
        ({"dropout": 1.0}, "dropout: 1.0 is not a number from 0 to below 1"),
        ({"learning_rate": 0}, "learning_rate: 0 is not a number above 0"),
        ({"criterion": "luck"}, "criterion: 'luck' is not auc, f1, loss or fpr"),
    ],
)
def test_an_impossible_hyper_parameter_is_named(override, message):
    with pytest.raises(InputError, match=message):
        fit(made_up([4] * 4), **override)


def test_divergence_stops_the_fit():
    rollouts = made_up([4] * 10)
    rollouts.query[0] = np.nan
    with pytest.raises(FloatingPointError, match="diverged"):
        fit(rollouts, **SMALL)


# ---- serving


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    queries, responses, verdicts, rollouts = in_memory(folder)
    model = fit(rollouts, hidden_channels=16, epochs=30)
    save(model, folder / "model")
    texts = [query_text(messages) for messages in queries["messages"]]
    groups = [
        list(zip(part["thinking"], part["answer"], strict=True))
        for _, part in responses.groupby("query_id", sort=False)
    ]
    return folder / "model", model, texts, groups, rollouts, verdicts


def test_raw_texts_score_as_the_embedded_rollouts_do(served):
    folder, model, texts, groups, rollouts, _ = served
    found = load(folder).predict(texts, groups, ["math"] * len(texts))
    assert [len(part) for part in found] == [len(group) for group in groups]
    assert np.concatenate(found) == pytest.approx(model.score(rollouts), abs=1e-5)


def test_groups_of_any_size_and_repeated_queries_are_wired_right(served):
    folder, _, texts, groups, *_ = served
    model = load(folder)
    asked = [texts[0], texts[1], texts[0], texts[2], texts[3]]
    sizes = [groups[0] * 4, groups[1][:1], groups[0][:3], [], groups[3] * 2 + groups[3][:1]]
    together = model.predict(asked, sizes, ["math"] * 5)
    assert [len(part) for part in together] == [16, 1, 3, 0, 9]
    for text, group, part in zip(asked, sizes, together, strict=True):
        assert part == pytest.approx(model.predict([text], [group], ["math"])[0], abs=1e-5)


def test_earlier_calls_change_no_bit_of_a_prediction(served):
    folder, _, texts, groups, *_ = served
    used, fresh = load(folder), load(folder)
    texts = [" ".join(texts[: row + 1]) for row in range(9)]  # of different lengths: in a batch they would be padded
    for row in range(7):
        used.predict(texts[row : row + 1], groups[:1], ["math"])
    asked = texts, groups[:9], ["math"] * 9
    assert all((a == b).all() for a, b in zip(used.predict(*asked), fresh.predict(*asked), strict=True))


def test_nothing_asked_gives_nothing(served):
    model = load(served[0])
    assert model.predict([], [], []) == []
    assert [len(part) for part in model.predict(["a?"], [[]], ["qa"])] == [0]


def test_a_probability_that_is_no_number_stops_the_run(served):
    folder, _, texts, groups, *_ = served
    model = load(folder)
    model.network.bias.data.fill_(torch.nan)
    with pytest.raises(FloatingPointError, match="4 of 4 probabilities"):
        model.predict(texts[:1], groups[:1], ["math"])


def test_the_cache_of_queries_stays_bounded(served, monkeypatch):
    monkeypatch.setattr("reward_memory.reward_models.base.CACHED_QUERIES", 2)
    folder, _, texts, groups, *_ = served
    model = load(folder)
    model.predict(texts[:5], groups[:5], ["math"] * 5)
    assert list(model._queries) == texts[3:5]


def test_loading_draws_no_random_number(served):
    before = torch.get_rng_state()
    load(served[0])
    assert (torch.get_rng_state() == before).all()


def test_lists_of_different_lengths_are_refused(served):
    with pytest.raises(ValueError, match="1 queries, 2 groups"):
        load(served[0]).predict(["a"], [[], []], ["qa"])


# ---- files


@pytest.mark.parametrize("name", ["model.json", "model.safetensors", "memory.safetensors"])
def test_a_missing_or_cut_file_is_named(tmp_path, name):
    save(fit(made_up([4] * 6), **SMALL), tmp_path)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=f"{name}: is not a complete"):
        load(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(InputError, match=f"{name}: no such file"):
        load(tmp_path)


@pytest.mark.parametrize("text", ["{}", "[]", '{"predictor": "graph", "config": {}, "metrics": {}}'])
def test_a_model_without_its_keys_is_named(tmp_path, text):
    save(fit(made_up([4] * 6), **SMALL), tmp_path)
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(InputError, match=r"model\.json: has no key '(predictor|key)'; delete it and run again"):
        load(tmp_path)


def test_files_of_two_models_are_refused(tmp_path):
    for seed in (0, 1):
        save(fit(made_up([4] * 6), seeds=[seed], **SMALL), tmp_path / str(seed))
    (tmp_path / "0" / "memory.safetensors").write_bytes((tmp_path / "1" / "memory.safetensors").read_bytes())
    with pytest.raises(InputError, match=r"memory\.safetensors: does not belong to the same model"):
        load(tmp_path / "0")


def test_another_predictor_is_refused(tmp_path):
    save(fit(made_up([4] * 6), **SMALL), tmp_path)
    about = json.loads((tmp_path / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps(about | {"predictor": "oracle"}))
    with pytest.raises(InputError, match="predictor 'oracle' is not one of graph,"):
        load(tmp_path)


# ---- rollouts


def test_rewards_of_unlabeled_queries_are_absent(tmp_path):
    *_, rollouts = in_memory(tmp_path, count=10, ratio=30)
    assert rollouts.labeled.sum() == 3
    assert (np.isnan(rollouts.rewards) == ~rollouts.labeled[rollouts.group]).all()


def test_rollouts_of_several_benchmarks_join(tmp_path):
    queries, responses, verdicts = frames(4)
    parts = []
    for half in (slice(0, 2), slice(2, 4)):
        own = queries[half].reset_index(drop=True)
        theirs = responses[responses["query_id"].isin(own["id"])].iloc[::-1].reset_index(drop=True)
        path = tmp_path / f"{half.start}.safetensors"
        embed_rollouts(own, theirs, path)
        parts.append((own, theirs, path))
    rollouts = assemble(parts, verdicts)
    assert rollouts.query_ids.tolist() == queries["id"].tolist()
    assert rollouts.group.tolist() == [0] * 4 + [1] * 4 + [2] * 4 + [3] * 4
    assert rollouts.samples.tolist() == [3, 2, 1, 0] * 4
    assert rollouts.rewards.reshape(4, 4)[:, ::-1].ravel().tolist() == verdicts["reward"].tolist()
    with pytest.raises(InputError, match="the id 'sums/train/0' occurs twice"):
        assemble([*parts, parts[0]], verdicts)


def test_a_reward_that_is_neither_0_nor_1_is_named(tmp_path):
    queries, responses, verdicts = frames(2)
    embed_rollouts(queries, responses, tmp_path / "e")
    verdicts.loc[5, "reward"] = 0.5
    with pytest.raises(InputError, match=r"the reward of 'sums/train/1' is 0\.5"):
        assemble([(queries, responses, tmp_path / "e")], verdicts)


def test_rollouts_that_do_not_belong_together_are_named(tmp_path):
    queries, responses, _ = frames(2)
    one = queries[:1], responses, tmp_path / "e"
    embed_rollouts(*one)
    with pytest.raises(InputError, match="e: a response belongs to 'sums/train/1', which is not among the queries"):
        assemble([one])
    with pytest.raises(InputError, match="rollouts: none given; name at least one benchmark"):
        assemble([])
    part = made_up([1])
    with pytest.raises(InputError, match=r"mixed encoder types \(bfloat16, float32\)"):
        concatenate([part, replace(part, dtype="bfloat16")])


def test_take_keeps_the_responses_of_each_query():
    rollouts = made_up([2, 0, 3, 1])
    part = rollouts.take(np.array([2, 1, 0]))
    assert part.group.tolist() == [0, 0, 0, 2, 2]
    assert (part.answer == rollouts.answer[[2, 3, 4, 0, 1]]).all()
