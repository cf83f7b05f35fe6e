"""Changes of the good configuration that put a key in the wrong place: next to those of bad_settings."""

LAST = "sandbox: reduced"
BATCH = "train_batch_size: 8"

#: what is replaced in GOOD, what by, what the sentence says
KEYS = {
    "section in a section": (
        BATCH,
        f"{BATCH}, evaluation: {{samples_per_query: 2}}",
        "training: evaluation: no such key here; evaluation belongs at the top level of the file",
    ),
    "key of a section at the top": (LAST, f"{LAST}\nholdout: 0.3", "it belongs in the section reward_model, as in"),
    "key of several sections": (
        LAST,
        f"{LAST}\ntop_p: 0.9",
        "in the section rollouts or evaluation, as in rollouts: {",
    ),
    "key of another section": (
        "{samples_per_query: 4}",
        "{samples_per_query: 4, train_batch_size: 8}",
        "rollouts: train_batch_size: no such key here; it belongs in the section training, .* perhaps batch_size is m",
    ),
    "key behind a point": (LAST, f"{LAST}\ntraining.steps: 4", r"with the key in it, training: {steps: \.\.\.}"),
    "key without a space": (
        "{predictor: graph}",
        "{predictor:graph}",
        "put a space after the colon, as in predictor: g",
    ),
}
