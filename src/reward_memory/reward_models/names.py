"""The reward predictors' names, apart from them: who only plans need not import torch."""

#: `graph` with every published behaviour of the stage reward_model.
AS_PUBLISHED = "graph-as-published"
GRAPHS = ("graph", AS_PUBLISHED, "graph-homogeneous", "graph-no-thinking")
NAMES = (*GRAPHS, "graph-plus", "mlp", "logistic", "logistic-agreement", "knn", "majority")
#: Those that are networks, which fidelity's behaviours are about.
NETWORKS = (*GRAPHS, "mlp")
