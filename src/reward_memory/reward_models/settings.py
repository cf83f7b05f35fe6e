"""Settings of the graph reward model, apart from it: planning and the configuration need not import torch."""

from typing import Any

#: Domain -> the features of an answer that a reward model is shown, of `features.answer_features.COLUMNS`.
ANSWER_FEATURES: dict[str, list[str]] = {"math": ["value", "found", "majority"], "qa": [], "code": []}

#: The paper's hyper-parameters (section 4 and the authors' repository) and this project's selection.
GRAPH_DEFAULTS: dict[str, Any] = {
    "implementation": "fast",  # of the network: fast | reference, which is torch-geometric's
    "hidden_channels": 512,  # width of a node's state
    "heads": 4,  # attention heads of hidden_channels / heads each
    "num_layers": 2,  # rounds of messages
    "dropout": 0.1,  # of attention coefficients
    "num_neighbors": 7,  # labeled queries that a query attends to
    "answer_features": ANSWER_FEATURES,  # as published: of mathematics alone
    "thinking_neighbors": 0,  # other responses of its query whose thinking a response's thinking attends to
    "products": False,  # products of the embeddings as further features; not in the paper
    "learning_rate": 1e-3,  # Adam, full batch
    "weight_decay": 0.0,  # decoupled
    "epochs": 150,  # at most
    "check_every": 5,  # epochs between two looks at the held-out fold
    "patience": 20,  # epochs without a better look before training ends
    "holdout": 0.2,  # share of the labeled queries kept for selection
    "selection": "held_out",  # what epochs and runs are compared on: held_out labeled queries | valid ones
    "criterion": "loss",  # what epochs are compared by: loss | auc | f1 | fpr
    "run_criterion": None,  # and runs; None: as epochs
    "fidelity": (),  # published behaviors, see reward_memory.config.fidelity
}
