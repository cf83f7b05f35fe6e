"""Names of the reward predictors, read without importing them: planning needs no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reward_memory.plugins import Parts

#: `graph` with every published behavior of the stage reward_model.
AS_PUBLISHED = "graph-as-published"
#: Registry that `registration.register` adds to.
PREDICTORS: Parts[Any] = Parts(
    "reward_model: predictor", "reward_memory.reward_models", Path(__file__).parent, __package__, {AS_PUBLISHED}
)
NAMES = tuple(sorted({AS_PUBLISHED, *PREDICTORS.names}))
#: Predictors that are networks, to which fidelity's behaviors apply.
NETWORKS = tuple(name for name in NAMES if name == AS_PUBLISHED or PREDICTORS.options(name).get("network"))
#: Predictors that are fitted without labels.
LABEL_FREE = tuple(name for name in NAMES if not PREDICTORS.options(name).get("labels", True))
