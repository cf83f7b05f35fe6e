"""Reward models: the section `reward_model`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, Strict

from .base import (
    NUMBER,
    UNIQUE,
    WHOLE,
    Behavior,
    Decay,
    Finite,
    Layers,
    LearningRate,
    Name,
    Neighbors,
    Positive,
    PredictorName,
    Section,
    Switch,
    expected,
    overriding,
)

Runs = Annotated[int, Strict(), Field(ge=1, le=10_000), expected("at least 1 run to choose from"), WHOLE]
Width = Annotated[int, Strict(), Field(ge=1, le=65_536), expected("a whole number of at least 1"), WHOLE]
Dropout = Annotated[Finite, Field(ge=0, lt=1), expected("a number from 0 to below 1"), NUMBER]
Fold = Annotated[Finite, Field(gt=0, lt=1), expected("a share between 0 and 1"), NUMBER]
Criterion = Literal["loss", "auc", "f1", "fpr"]
Probability = Annotated[Finite, Field(ge=0, lt=1), expected("a probability from 0 to below 1"), NUMBER]
Doubt = Annotated[Finite, Field(ge=0, le=0.5), expected("a number from 0 to 0.5"), NUMBER]
RewardKind = Annotated[Literal["hard", "soft"], expected("hard or soft")]
Siblings = Annotated[int, Strict(), Field(ge=0, le=10_000), expected("a whole number of at least 0"), WHOLE]
Agreement = Annotated[
    list[Annotated[Literal["found", "majority"], expected("found or majority")]],
    Strict(),
    UNIQUE,
    expected("a list of found and majority"),
]
Variant = Annotated[
    dict[Any, Any], overriding("RewardModel", "settings such as {predictor: graph, hidden_channels: 64}")
]


class AnswerFeatures(Section, json_schema_extra={"expected": "features such as {qa: [found, majority]}"}):
    """Features of an answer by domain: found is 1 if there is one, majority if most samples of the query give it."""

    math: Annotated[
        list[Annotated[Literal["value", "found", "majority"], expected("value, found or majority")]],
        Strict(),
        UNIQUE,
        expected("a list of value, found, majority"),
    ] = Field(
        default=["value", "found", "majority"], description="Features for math; value is the logarithm of the number."
    )
    qa: Agreement = Field(default=[], description="Features for multiple choice and short answers.")
    code: Agreement = Field(default=[], description="Features for programs, which agree if they are identical.")


THRESHOLD: Any = Field(
    default=0.5,
    description="Probability above which a predicted response counts as correct in training. A change refits no reward "
    "model; suites and variants of methods may have their own.",
)
REWARD: Any = Field(
    default="hard",
    description="Reward of a predicted response: hard is 1 above the threshold and 0 elsewhere, soft the probability "
    "itself. Suites and variants of methods may have their own.",
)
ABSTAIN: Any = Field(
    default=0,
    description="A predicted response whose probability is nearer to the threshold than this gets the mean reward of "
    "its query's other responses, so that nothing is learned from it. 0 is never. Suites and variants of methods may "
    "have their own.",
)


REFIT: Any = Field(
    default=0,
    description="Steps of training after which the reward model is fitted again, on the newest responses to the "
    "labeled queries. 0 is never, as in the paper. Suites and variants of methods may have their own.",
)


class PredictedRewards(Section):
    """Keys that define how training uses predictions; fitting a reward model does not depend on them."""

    threshold: Probability = THRESHOLD
    reward: RewardKind = REWARD
    abstain: Doubt = ABSTAIN
    refit: Siblings = REFIT


class RewardModel(Section, json_schema_extra={"expected": "settings such as {predictor: graph}"}):
    """Predictors of the rewards of unlabeled responses."""

    predictor: PredictorName = Field(
        default="graph", description="Reward model that predicts rewards of unlabeled queries in the method memreward."
    )
    threshold: Probability = THRESHOLD
    reward: RewardKind = REWARD
    abstain: Doubt = ABSTAIN
    refit: Siblings = REFIT
    implementation: Annotated[Literal["fast", "reference"], expected("fast or reference")] = Field(
        default="fast",
        description="Implementation of the networks. reference is torch-geometric: slower, with the same results.",
    )
    runs: Runs = Field(
        default=1, description="Networks fitted per seed, from different random starts; the best is used."
    )
    hidden_channels: Width = Field(default=512, description="Width of a node's state; a multiple of heads.")
    heads: Layers = Field(default=4, description="Attention heads, of hidden_channels / heads each.")
    num_layers: Layers = Field(default=2, description="Rounds of messages between neighbors.")
    dropout: Dropout = Field(default=0.1, description="Dropout of attention coefficients.")
    num_neighbors: Neighbors = Field(default=7, description="Most similar labeled queries that a query attends to.")
    answer_features: AnswerFeatures = Field(
        default_factory=AnswerFeatures, description="Features of an answer that the networks and logistic get."
    )
    thinking_neighbors: Siblings = Field(
        default=0,
        description="graph: most similar other responses of its query that a response's thinking attends to. 0 is "
        "none, as in the paper; its code has an option for 2.",
    )
    products: Switch = Field(
        default=False,
        description="Add products of the embeddings of query and response to the features; not in the paper.",
    )
    learning_rate: LearningRate = Field(
        default=1e-3, description="Learning rate of Adam, on all labeled rollouts at once."
    )
    weight_decay: Decay = Field(default=0.0, description="Decoupled weight decay of Adam.")
    epochs: Positive = Field(default=150, description="Largest number of epochs that a network trains for.")
    check_every: Positive = Field(default=5, description="Epochs between two measurements of the criterion.")
    patience: Positive = Field(default=20, description="Epochs without a better criterion before training ends.")
    holdout: Fold = Field(default=0.2, description="Share of the labeled queries kept out of training, for selection.")
    criterion: Annotated[Criterion, expected("auc, f1, loss or fpr")] = Field(
        default="loss", description="Measure that chooses a network's epoch."
    )
    run_criterion: Annotated[Criterion | None, expected("auc, f1, loss, fpr or null")] = Field(
        default=None, description="Measure that chooses among the runs. Null is criterion."
    )
    selection: Annotated[
        Literal["held_out", "valid"], expected("held_out (a fold of the labeled training queries) or valid")
    ] = Field(
        default="held_out",
        description="Queries on which epochs and runs are compared: held-out labeled ones, or the validation queries "
        "as in the paper, which costs their labels.",
    )
    top_k: Annotated[
        list[Neighbors], Strict(), UNIQUE, expected("a list of different numbers of neighbors such as [1, 3, 7]")
    ] = Field(
        default=[],
        description="Numbers of neighbors that top_k.csv compares, in suites with reward_model_of. Nothing is "
        "refitted. An empty list disables the table.",
    )
    encoder_dtype: Annotated[Literal["auto", "float32", "bfloat16"], expected("float32, bfloat16 or auto")] = Field(
        default="auto",
        description="Number format of the text encoder, MiniLM. auto is bfloat16 if the processor has instructions "
        "for it.",
    )
    fidelity: Annotated[list[Behavior], Strict(), expected("a list of behaviors")] = Field(
        default=[],
        description="Behaviors of the authors' code for all predictors, in addition to those of the key fidelity at "
        "the top.",
    )
    variants: Annotated[
        dict[Name, Variant], expected("variants such as {wide: {predictor: graph, hidden_channels: 1024}}")
    ] = Field(
        default={}, description="Name of a further predictor -> the predictor that it is based on, and its settings."
    )

    def mistake(self) -> str | None:
        """Return a message about keys that contradict each other, or None."""
        if self.hidden_channels % self.heads:
            return f"heads: {self.heads} does not divide hidden_channels, {self.hidden_channels}."
        return None
