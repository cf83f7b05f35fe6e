"""Changes of the good configuration that are mistakes about models and what they need: beside those of bad_settings."""

GRAPH = "predictor: graph"
LAST = "sandbox: reduced"
BATCH = "train_batch_size: 8"

#: what is replaced in GOOD, what by, what the sentence says
MODELS = {
    "all is in doubt": (
        GRAPH,
        f"{GRAPH}, abstain: 0.5",
        "abstain: 0.5 is too large for threshold, 0.5, so no predicted .* as right; give less than 0.5",
    ),
    "votes are never so sure": (
        GRAPH,
        "predictor: majority, threshold: 0.9, abstain: 0.2",
        "abstain: 0.2 is too large for threshold, 0.9, .* counts as right; give at most 0.1",
    ),
    "layers of neighbors": (
        GRAPH,
        f"{GRAPH}, variants: {{deep: {{predictor: knn, num_layers: 4}}}}",
        "variants: deep: num_layers: changes nothing in knn, which reads num_neighbors only; leave it out",
    ),
    "neighbors of a vote": (
        GRAPH,
        f"{GRAPH}, variants: {{near: {{predictor: majority, num_neighbors: 3}}}}",
        "variants: near: num_neighbors: changes nothing in majority, which reads no setting; leave it out",
    ),
    "a GPU's memory in megabytes": (
        LAST,
        f"{LAST}\nresources: {{train_policy: {{gpu_memory_gb: 81920}}}}",
        "train_policy: gpu_memory_gb: 81920 gigabytes are more than any GPU has; if megabytes are meant, give 80",
    ),
    "another tool's learning rate": (BATCH, f"{BATCH}, lr: 0.1", "training: lr: no .*; perhaps learning_rate is meant"),
    "another tool's rank": (BATCH, f"{BATCH}, lora: {{r: 8}}", "lora: r: no such key.*; perhaps rank is meant"),
    "another tool's length": (
        "{samples_per_query: 2}",
        "{samples_per_query: 2, max_tokens: 64}",
        "evaluation: max_tokens: no such key.*; perhaps max_new_tokens is meant",
    ),
}
