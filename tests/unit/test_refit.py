"""A reward model that training fits again on the newest responses to the labeled queries, and on nothing else."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from graph_rollouts import frames
from test_predicted_rewards import changed, complaint

from reward_memory.answers.responses import split_response
from reward_memory.config.loading import load as load_config
from reward_memory.data import labels
from reward_memory.errors import InputError
from reward_memory.reward_models.features.embedding import embed_rollouts, query_text
from reward_memory.reward_models.registry import fit
from reward_memory.reward_models.rollouts import assemble
from reward_memory.seeds import derive
from reward_memory.settings import RewardModel
from reward_memory.storage import parquet
from reward_memory.training.checkpoints import responses_of
from reward_memory.training.objectives.predicted import Fitted
from reward_memory.training.objectives.refit import Refit
from reward_memory.training.responses import STEP_RESPONSES, Response, frame

NAN = float("nan")
EVERY, SEED = 2, 11


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Run:
    """Eight queries of which four are labeled, and a training of four steps that samples some of them."""

    def __init__(self, folder: Path, predictor: str = "logistic", **settings):
        self.folder = folder
        self.queries, self.responses, self.verdicts = frames(8)
        texts = self.responses["thinking"] + "\n" + self.responses["answer"]
        parts = [split_response(text, "math") for text in texts]
        self.responses = self.responses.assign(
            text=texts, thinking=[one for one, _ in parts], answer=[one for _, one in parts]
        )
        self.revealed = labels.reveal(self.verdicts, labels.route(self.queries, 50, 0))
        self.labeled = sorted(self.revealed["query_id"].unique())
        files = [folder / f"{name}.parquet" for name in ("queries", "responses", "rewards")]
        tables = (
            (self.queries.assign(template=None, options=None, content_hash=""), parquet.QUERIES),
            (self.responses.assign(tokens=1, finished=True), parquet.RESPONSES),
            (self.revealed.assign(extracted=None, path="numeric"), parquet.VERDICTS),
        )
        for (table, schema), path in zip(tables, files, strict=True):
            parquet.write(table, path, schema)
        embed_rollouts(self.queries, self.responses, folder / "vectors")
        self.settings = RewardModel(predictor=predictor, **settings)
        self.fitted = Fitted(files[0], files[1], folder / "vectors", files[2], self.settings)
        self.frozen = self.fit(self.responses, self.revealed, [0])

    def fit(self, responses: pd.DataFrame, revealed: pd.DataFrame, seeds: list[int]):
        """A reward model of these responses, as the job fits it: through files."""
        embed_rollouts(self.queries, responses, self.folder / "others")
        rollouts = assemble([(self.queries, responses, self.folder / "others")], revealed)
        return fit(rollouts=rollouts, seeds=seeds, **self.settings.model_dump())

    def step(self, number: int, *answered: Response) -> None:
        rows = {f"{one.query}_{one.sample}_{one.batch}": one for one in answered}
        parquet.write(frame(number, rows, set()), responses_of(self.folder, number), STEP_RESPONSES, checked=True)

    def refit(self) -> Refit:
        return Refit(self.folder, EVERY, self.fitted, SEED)

    def score(self, model) -> np.ndarray:
        asked = [query_text(one) for one in self.queries["messages"]]
        groups = [[("I add two.", "#### 5"), ("I guess.", "#### 9"), ("I add one.", f"#### {row}")] for row in range(8)]
        return np.concatenate(model.predict(asked, groups, ["math"] * 8))


def answers(query: str, *rewards: float, text: str = "Let me see.\n#### {}", batch: int = 1, probability: float = NAN):
    return [
        Response(query, sample, batch, text.format(sample), [1], reward, probability)
        for sample, reward in enumerate(rewards)
    ]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    made = Run(tmp_path_factory.mktemp("refit"))
    first, second = made.labeled[:2]
    hidden = next(query for query in made.queries["id"] if query not in made.labeled)
    made.step(1, *answers(second, 0, 0, 1), *answers(hidden, 1, 1, text="Poison.\n#### 1", probability=0.9))
    # again, twice in one step, after an error of the reward model that a published behavior answers with the truth
    made.step(
        2,
        *answers(second, 1, 0, text="Once more.\n#### 4{}"),
        *answers(second, 0, 1, 0, text="Even later.\n#### 7{}", batch=2),
        *answers(first, 1, 0, 0, 1),
        *answers(hidden, 1, 0, text="Poison.\n#### 2"),
    )
    made.step(3, *answers(first, 0, 0, 1, 1, text="Third.\n#### {}"))
    made.step(4, *answers(hidden, 1, 1, probability=0.8))
    return made


def expected(run: Run, newest: dict[str, list[Response]], step: int):
    """The reward model of the files in which the newest responses stand in place of the first ones."""
    kept = run.responses[~run.responses["query_id"].isin(newest)]
    rows = [
        {"query_id": query, "benchmark": "sums", "domain": "math", "sample": one.sample, "text": one.text}
        | dict(zip(("thinking", "answer"), split_response(one.text, "math"), strict=True))
        for query, group in newest.items()
        for one in group
    ]
    graded = [
        {"query_id": query, "benchmark": "sums", "sample": one.sample, "reward": one.reward}
        for query, group in newest.items()
        for one in group
    ]
    revealed = pd.concat([run.revealed[~run.revealed["query_id"].isin(newest)], pd.DataFrame(graded)])
    return run.fit(pd.concat([kept, pd.DataFrame(rows)]), revealed, [derive("refit", SEED, step, 0)])


@pytest.mark.slow
def test_the_frozen_one_serves_until_the_first_steps_are_over(run):
    refit = run.refit()
    assert refit.model(1, run.frozen) is run.frozen
    assert refit.model(2, run.frozen) is run.frozen
    assert refit.model(3, run.frozen) is not run.frozen


@pytest.mark.slow
def test_the_newest_responses_take_the_place_of_earlier_ones(run):
    first, second = run.labeled[:2]
    newest = {
        first: answers(first, 1, 0, 0, 1),
        second: answers(second, 0, 1, 0, text="Even later.\n#### 7{}"),
    }
    found, wanted = run.score(run.refit().model(3, run.frozen)), run.score(expected(run, newest, 2))
    assert found == pytest.approx(wanted, abs=1e-4)
    assert np.abs(found - run.score(run.frozen)).max() > 0.01
    newest[first] = answers(first, 0, 0, 1, 1, text="Third.\n#### {}")
    assert run.score(run.refit().model(5, run.frozen)) == pytest.approx(run.score(expected(run, newest, 4)), abs=1e-4)


@pytest.mark.slow
def test_a_run_that_resumes_has_the_reward_models_of_an_undisturbed_one(run):
    refit = run.refit()
    model, scores = run.frozen, {}
    for step in range(1, 6):
        model = refit.model(step, model)
        scores[step] = run.score(model)
    for step in (3, 4, 5):
        assert (run.score(run.refit().model(step, run.frozen)) == scores[step]).all()
    assert (scores[3] == scores[4]).all()
    assert (scores[4] != scores[5]).any()


@pytest.fixture
def fits(run, monkeypatch):
    """What the reward model is fitted again with: (predictor, rollouts, settings) of each time."""
    seen = []
    monkeypatch.setattr(
        "reward_memory.training.objectives.refit.fit",
        lambda predictor, rollouts, **settings: seen.append((predictor, rollouts, settings)) or run.frozen,
    )
    return seen


def test_it_is_fitted_once_in_so_many_steps_and_says_so(run, fits, capsys):
    refit = run.refit()
    for step in range(1, 6):
        refit.model(step, run.frozen)
    assert [settings["seeds"] for *_, settings in fits] == [[derive("refit", SEED, last, 0)] for last in (2, 4)]
    assert {(predictor, settings["device"], settings["runs"]) for predictor, _, settings in fits} == {
        ("logistic", "cpu", 1)
    }
    told = "training: after step {} the reward model is fitted again, on new responses to 2 of 4 labeled queries\n"
    assert capsys.readouterr().err == told.format(2) + told.format(4)


def test_steps_that_were_read_are_not_read_again(run, fits, tmp_path):
    for step in (1, 2):
        run_file, own = responses_of(run.folder, step), responses_of(tmp_path, step)
        own.parent.mkdir(parents=True, exist_ok=True)
        own.write_bytes(run_file.read_bytes())
    refit = Refit(tmp_path, EVERY, run.fitted, SEED)
    refit.model(3, run.frozen)
    for step in (1, 2):
        responses_of(tmp_path, step).rename(responses_of(tmp_path, step + 2))
    refit.model(5, run.frozen)
    with pytest.raises(InputError, match=r"step_000001\.parquet: no such file"):
        Refit(tmp_path, EVERY, run.fitted, SEED).model(3, run.frozen)


def test_every_labeled_query_may_have_new_responses(run, fits, tmp_path):
    made = [one for query in run.labeled for one in answers(query, 1, 0)]
    rows = {f"{one.query}_{one.sample}": one for one in made}
    parquet.write(frame(1, rows, set()), responses_of(tmp_path, 1), STEP_RESPONSES, checked=True)
    Refit(tmp_path, 1, run.fitted, SEED).model(2, run.frozen)
    ((_, rollouts, _),) = fits
    assert sorted(rollouts.query_ids) == run.labeled
    assert rollouts.rewards.tolist() == [1, 0] * 4


def test_unlabeled_queries_add_nothing(run, fits):
    run.refit().model(5, run.frozen)
    ((_, rollouts, _),) = fits
    assert sorted(rollouts.query_ids) == run.labeled
    assert rollouts.labeled.all()
    assert not np.isnan(rollouts.rewards).any()
    assert "Poison" not in " ".join(map(str, rollouts.keys))
    sizes = dict(zip(rollouts.query_ids, np.bincount(rollouts.group), strict=True))
    assert [sizes[query] for query in run.labeled[:2]] == [4, 3]


def test_a_missing_step_is_named(run):
    refit = Refit(run.folder, 5, run.fitted, SEED)
    with pytest.raises(InputError, match=r"step_000005\.parquet: no such file, so the reward model lacks a step"):
        refit.model(6, run.frozen)


@pytest.mark.parametrize("predictor", ["graph", pytest.param("graph-plus", marks=pytest.mark.slow)])
def test_networks_are_fitted_again_too(tmp_path, predictor):
    small = {"epochs": 4, "hidden_channels": 16, "runs": 2}
    made = Run(tmp_path, predictor, **small)
    made.step(1, *answers(made.labeled[0], 1, 0, 0))
    refit = Refit(tmp_path, 1, made.fitted, SEED)
    newer = refit.model(2, made.frozen)
    assert type(newer) is type(made.frozen)
    assert newer.metrics["labeled_queries"] == 4
    assert newer.metrics["labeled_responses"] == 15
    # it splits and embeds as the frozen one does
    assert newer.config["encoder_dtype"] == made.frozen.config["encoder_dtype"]
    again = Refit(tmp_path, 1, made.fitted, SEED).model(2, made.frozen)
    assert (made.score(again) == made.score(newer)).all()


def test_what_it_was_fitted_on_comes_back_from_verls_configuration():
    settings = RewardModel(predictor="graph-plus", answer_features={"qa": ["found"]}, fidelity=[])
    given = Fitted(*map(Path, "abcd"), settings=settings)
    plain = {name: str(getattr(given, name)) for name in ("queries", "responses", "embeddings", "rewards")}
    assert Fitted.of(plain | {"settings": settings.model_dump()}) == given
    assert replace(given, queries=Path("z")) != given


MISTAKES = {
    "beyond the run": (
        {"methods": ["memreward"]},
        {"refit": 99},
        r"reward_model: refit: 99: a training of \d+ steps ends before a refitted reward model is used; give at "
        r"most \d+\.",
    ),
    "no labels": (
        {"methods": ["memreward:majority"]},
        {"refit": 1},
        "reward_model: refit: 1: majority does not learn from labels, so refitting changes nothing; set refit "
        r"only in variants of other methods\.",
    ),
    "selected on valid": (
        {"methods": ["memreward"]},
        {"refit": 1, "selection": "valid"},
        "reward_model: refit: 1: graph is selected on valid queries, for which training has no graded responses; set "
        r"refit: 0, or selection: held_out\.",
    ),
    "as published": (
        {"methods": ["memreward:graph-as-published"]},
        {"refit": 1},
        r"reward_model: refit: 1: graph-as-published .*frozen; set refit: 0\.",
    ),
    "below 0": (
        {"methods": ["memreward"]},
        {"refit": -1},
        r"reward_model: refit: -1 is not a whole number of at least 0\.",
    ),
}


@pytest.mark.parametrize(("top", "own", "sentence"), MISTAKES.values(), ids=MISTAKES)
def test_what_cannot_be_fitted_again_is_told(top, own, sentence):
    assert re.fullmatch(f"mine.yaml: {sentence}", complaint(changed("reward_model", own) | top))


def test_another_suites_reward_model_stays_frozen():
    config = changed("reward_model", {"refit": 1}) | {"methods": ["memreward"]}
    config["benchmarks"] |= {"piqa": {"suite": "ood", "source": "generated", "train": 200, "valid": 5, "test": 5}}
    config["suites"] = {"ood": {"methods": ["memreward"], "reward_model_of": "main"}}
    assert complaint(config) == (
        "mine.yaml: suites: ood: reward_model: refit: 1: the reward models of suite ood are fitted on suite main, "
        "whose queries its trainings do not sample; set refit: 0, or give suite ood methods without memreward."
    )
    config["suites"]["ood"]["reward_model"] = {"refit": 0}
    load_config(config)
