"""The reward predictors' names, read without importing them: planning needs no torch."""

from __future__ import annotations

from pathlib import Path

from reward_memory.plugins import declared, outside

GROUP = "reward_memory.reward_models"
#: `graph` with every published behavior of the stage reward_model.
AS_PUBLISHED = "graph-as-published"
DECLARED = declared(Path(__file__).parent, __package__)
#: Those of other packages.
OUTSIDE = outside(GROUP)
NAMES = tuple(sorted({AS_PUBLISHED, *DECLARED, *OUTSIDE}))
#: Those that are networks, which fidelity's behaviors are about.
NETWORKS = tuple(
    name for name in NAMES if name == AS_PUBLISHED or (name in DECLARED and DECLARED[name].options.get("network"))
)
#: Those that are fitted without any label.
LABEL_FREE = tuple(name for name in NAMES if name in DECLARED and not DECLARED[name].options.get("labels", True))
