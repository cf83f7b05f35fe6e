"""How responses are sampled: the sections `rollouts` and `evaluation`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict

from .base import NUMBER, WHOLE, CopyGpus, Finite, Path, Positive, Responses, Section, Switch, Temperature, expected

Part = Annotated[Finite, Field(gt=0, le=1), expected("a number above 0 and at most 1"), NUMBER]
Context = Annotated[int, Strict(), Field(ge=2, le=10_000_000), expected("a whole number of tokens, or null"), WHOLE]
AtOnce = Annotated[int, Strict(), Field(ge=1, le=1_000_000), expected("at least 1 response"), WHOLE]


class Sampling(Section, json_schema_extra={"expected": "settings such as {samples_per_query: 8}"}):
    """Sampling of responses outside training."""

    engine: Annotated[Literal["transformers", "vllm", "auto"], expected("transformers, vllm or auto")] = Field(
        default="transformers",
        description="Sampling engine. auto is vllm if the job has GPUs, and transformers if it has none.",
    )
    tensor_parallel_size: CopyGpus = Field(
        default=1,
        description="vllm: GPUs that share one copy of the policy. The other GPUs of the job hold further copies.",
    )
    gpu_memory_utilization: Part = Field(default=0.9, description="vllm: share of a GPU's memory that it takes.")
    max_model_len: Annotated[Context | None, expected("a whole number of tokens, or null")] = Field(
        default=None,
        description="vllm: longest prompt and response together, in tokens. Null is the policy's own limit.",
    )
    max_num_seqs: AtOnce = Field(default=256, description="vllm: responses sampled at once.")
    enforce_eager: Switch = Field(
        default=False, description="vllm: run without CUDA graphs, which starts sooner and samples more slowly."
    )
    dtype: Annotated[Literal["float32", "bfloat16"], expected("float32 or bfloat16")] = Field(
        default="float32", description="Number format of the policy's weights while it samples."
    )
    batch_size: Positive = Field(default=128, description="transformers: responses sampled at once.")
    samples_per_query: Responses = Field(default=8, description="Responses per query.")
    temperature: Temperature = Field(default=1.0, description="Temperature of sampling. 0 takes the likeliest token.")
    top_p: Part = Field(
        default=1.0,
        description="Sample from the likeliest tokens whose probabilities add up to this share. 1 is all tokens.",
    )
    max_new_tokens: Positive = Field(default=64, description="Longest response, in tokens; a longer one is cut there.")


class Rollouts(Sampling):
    """Responses of the policies before training, which reward models learn from."""

    import_: Annotated[Path | None, expected("the path of a .jsonl, .jsonl.gz or .parquet file")] = Field(
        default=None,
        alias="import",
        description="A file of queries and responses to use instead of sampling any (docs/import.md).",
    )
    bad_rows: Annotated[
        Literal["refuse", "skip"], expected("refuse (stop and name them) or skip (leave them out and list them)")
    ] = Field(default="refuse", description="What to do with imported rows that cannot be used.")


class Evaluation(Sampling):
    """Responses to the test queries, which the tables report on."""
