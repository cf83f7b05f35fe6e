"""MemReward's graph memory: a graph of past rollouts that predicts the reward of new responses.

The names below load on first use, because torch takes a second to import and routing labels needs none of it.
"""

import importlib

_HOME = {
    "embed": "embedding",
    "embed_rollouts": "embedding",
    "query_text": "embedding",
    "read_embeddings": "embedding",
    "answer_features": "features",
    "Rollouts": "rollouts",
    "assemble": "rollouts",
    "GRAPH_DEFAULTS": "fitting",
    "PREDICTORS": "predictors",
    "Predictor": "predictor",
    "RewardModel": "reward_model",
    "fit": "predictors",
    "load": "predictors",
    "save": "predictor",
}

__all__ = list(_HOME)


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
