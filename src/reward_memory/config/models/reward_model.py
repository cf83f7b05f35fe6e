"""Reward models: the section `reward_model`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, Strict

from reward_memory.reward_models.settings import GRAPH_DEFAULTS

from .base import (
    NUMBER,
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
)

Runs = Annotated[int, Strict(), Field(ge=1, le=10_000), expected("at least 1 run to choose from"), WHOLE]
Width = Annotated[int, Strict(), Field(ge=1, le=65_536), expected("a whole number of at least 1"), WHOLE]
Dropout = Annotated[Finite, Field(ge=0, lt=1), expected("a number from 0 to below 1"), NUMBER]
Fold = Annotated[Finite, Field(gt=0, lt=1), expected("a share between 0 and 1"), NUMBER]
Criterion = Literal["loss", "auc", "f1", "fpr"]
Variant = Annotated[dict[Any, Any], expected("settings such as {predictor: graph, hidden_channels: 64}")]


class RewardModel(Section, json_schema_extra={"expected": "settings such as {predictor: graph}"}):
    """Predictors of the rewards of unlabeled responses."""

    predictor: PredictorName = Field(
        "graph", description="Predicts the rewards of unlabeled queries in the method memreward."
    )
    implementation: Annotated[Literal["fast", "reference"], expected("fast or reference")] = Field(
        GRAPH_DEFAULTS["implementation"],
        description="What computes the networks. reference is torch-geometric: slower, the same weights and results.",
    )
    runs: Runs = Field(1, description="Networks fitted a seed, with seeds of their own; the best one is used.")
    hidden_channels: Width = Field(
        GRAPH_DEFAULTS["hidden_channels"], description="Width of a node's state; a multiple of heads."
    )
    heads: Layers = Field(GRAPH_DEFAULTS["heads"], description="Attention heads, of hidden_channels / heads each.")
    num_layers: Layers = Field(GRAPH_DEFAULTS["num_layers"], description="Rounds of messages between neighbors.")
    dropout: Dropout = Field(GRAPH_DEFAULTS["dropout"], description="Dropout of attention coefficients.")
    num_neighbors: Neighbors = Field(
        GRAPH_DEFAULTS["num_neighbors"], description="Most similar labeled queries that a query attends to."
    )
    products: Switch = Field(
        GRAPH_DEFAULTS["products"],
        description="Add products of the embeddings of query and response to the features; not in the paper.",
    )
    learning_rate: LearningRate = Field(
        GRAPH_DEFAULTS["learning_rate"], description="Learning rate of Adam, on all labeled rollouts at once."
    )
    weight_decay: Decay = Field(GRAPH_DEFAULTS["weight_decay"], description="Decoupled weight decay of Adam.")
    epochs: Positive = Field(GRAPH_DEFAULTS["epochs"], description="Most epochs that a network trains for.")
    check_every: Positive = Field(
        GRAPH_DEFAULTS["check_every"], description="Epochs between two measurements of the criterion."
    )
    patience: Positive = Field(
        GRAPH_DEFAULTS["patience"], description="Epochs without a better criterion before training ends."
    )
    holdout: Fold = Field(
        GRAPH_DEFAULTS["holdout"], description="Share of the labeled queries kept out of training, for selection."
    )
    criterion: Annotated[Criterion, expected("auc, f1, loss or fpr")] = Field(
        GRAPH_DEFAULTS["criterion"], description="What a network's epochs are compared by."
    )
    run_criterion: Annotated[Criterion | None, expected("auc, f1, loss, fpr or null")] = Field(
        GRAPH_DEFAULTS["run_criterion"], description="What the runs are compared by. Null is the criterion."
    )
    selection: Annotated[
        Literal["held_out", "valid"], expected("held_out (a fold of the labeled training queries) or valid")
    ] = Field(
        GRAPH_DEFAULTS["selection"],
        description="The queries that epochs and runs are compared on. valid is the paper's choice and costs labels.",
    )
    encoder_dtype: Annotated[Literal["auto", "float32", "bfloat16"], expected("float32, bfloat16 or auto")] = Field(
        "auto",
        description="Number format of the text encoder, MiniLM. auto is bfloat16 if the processor has instructions "
        "for it.",
    )
    fidelity: Annotated[list[Behavior], Strict(), expected("a list of behaviors")] = Field(
        list(GRAPH_DEFAULTS["fidelity"]),
        description="Published behaviors of all its predictors, in addition to those of the key fidelity at the top.",
    )
    variants: Annotated[
        dict[Name, Variant], expected("variants such as {wide: {predictor: graph, hidden_channels: 1024}}")
    ] = Field(default={}, description="Name of a further predictor -> the predictor that it is, with its own settings.")
