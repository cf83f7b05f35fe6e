"""Training of policies: the section `training`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, Strict

from .base import (
    NUMBER,
    UNIQUE,
    WHOLE,
    AnyName,
    CopyGpus,
    Decay,
    Finite,
    LearningRate,
    Positive,
    Responses,
    Section,
    Share,
    Steps,
    Switch,
    Temperature,
    Weight,
    expected,
    overriding,
)

Queries = Annotated[int, Strict(), Field(ge=1, le=1_000_000), expected("at least 1 query a step"), WHOLE]
Group = Annotated[
    int, Strict(), Field(ge=2, le=10_000), expected("at least 2 responses a query, since GRPO compares them"), WHOLE
]
Pass = Annotated[
    int,
    Strict(),
    Field(ge=1, le=1_000_000),
    expected("at least 1 response, the most that one forward pass takes"),
    WHOLE,
]
WarmUp = Annotated[int, Strict(), Field(ge=0, le=1_000_000), expected("a whole number of steps"), WHOLE]
Batches = Annotated[int, Strict(), Field(ge=0, le=10_000), expected("a whole number of at least 0"), WHOLE]
Tokens = Annotated[int, Strict(), Field(ge=0, le=1_000_000), expected("a whole number of tokens"), WHOLE]
ManyTokens = Annotated[int, Strict(), Field(ge=1, le=100_000_000), expected("a whole number of tokens, or null"), WHOLE]
Clip = Annotated[Finite, Field(gt=0, lt=1), expected("a number between 0 and 1"), NUMBER]
ClipLow = Annotated[Finite, Field(gt=0, le=1), expected("a number above 0 and at most 1"), NUMBER]
ClipHigh = Annotated[
    Finite, Field(gt=0, le=100), expected("a number above 0, or null for that of clip_ratio_low"), NUMBER
]
DualClip = Annotated[Finite, Field(gt=1, le=1000), expected("a number above 1"), NUMBER]
Bonus = Annotated[Finite, Field(gt=0, le=1000), expected("a number above 0, or null"), NUMBER]
Part = Annotated[Finite, Field(ge=0, le=1), expected("a share from 0 to 1"), NUMBER]
Cosine = Annotated[Finite, Field(ge=-1, le=1), expected("a number from -1 to 1"), NUMBER]
Heat = Annotated[Finite, Field(gt=0, le=100), expected("a number above 0"), NUMBER]
Rank = Annotated[int, Strict(), Field(ge=1, le=512), expected("a whole number from 1 to 512"), WHOLE]
Alpha = Annotated[int, Strict(), Field(ge=1, le=10_000), expected("a whole number of at least 1"), WHOLE]
Module = Annotated[str, Strict(), Field(pattern="^[A-Za-z0-9_.]+$"), expected("the name of a layer such as q_proj")]
Override = Annotated[
    str,
    Strict(),
    Field(pattern=r"^[+~]{0,2}[^=\s-][^=\s]*(=.*)?$"),
    expected("a Hydra override such as key=value"),
]
Loggers = Annotated[
    list[
        Annotated[
            Literal["file", "tensorboard", "wandb", "mlflow", "swanlab"],
            expected("file, tensorboard, wandb, mlflow or swanlab"),
        ]
    ],
    Strict(),
    UNIQUE,
    expected("a list such as [file, tensorboard]; choices are file, tensorboard, wandb, mlflow and swanlab"),
]
OfPolicy = Annotated[dict[Any, Any], overriding("Training", "settings such as {tensor_model_parallel_size: 2}")]


class Lora(Section, json_schema_extra={"expected": "adapters such as {rank: 32, alpha: 64}, or null"}):
    """Low-rank adapters."""

    rank: Rank = Field(description="Rank of an adapter.")
    alpha: Alpha = Field(default=32, description="Scale of the adapters; what they add is multiplied by alpha / rank.")
    target_modules: Annotated[
        Literal["all-linear"] | Annotated[list[Module], Strict(), Field(min_length=1)],
        expected("all-linear, or a list such as [q_proj, v_proj]"),
    ] = Field(default="all-linear", description="Names of the linear layers that get adapters, or all-linear.")


class Training(Section, json_schema_extra={"expected": "settings such as {steps: 20}"}):
    """GRPO with verl; DAPO's additions are off by default."""

    steps: Positive = Field(default=20, description="Steps of a training run: sample, reward, learn.")
    train_batch_size: Queries = Field(default=32, description="Queries per step.")
    samples_per_query: Group = Field(default=8, description="Responses per query, whose rewards GRPO compares.")
    ppo_mini_batch_size: Annotated[Queries | None, expected("at least 1 query a gradient step")] = Field(
        default=None, description="Queries per gradient step. Null is the whole batch."
    )
    ppo_micro_batch_size_per_gpu: Pass = Field(
        default=64,
        description="Largest number of responses that a device computes at once. The largest divisor of its share of a "
        "gradient step up to this number is used.",
    )
    learning_rate: LearningRate = Field(default=3e-4, description="Learning rate of AdamW, constant after the warm-up.")
    weight_decay: Decay = Field(default=0.01, description="Weight decay of AdamW.")
    clip_ratio_low: ClipLow = Field(
        default=0.2, description="The probability ratio is clipped at 1 minus this, and at 1 plus clip_ratio_high."
    )
    clip_ratio_high: Annotated[ClipHigh | None, expected("a number above 0, or null for that of clip_ratio_low")] = (
        Field(
            default=None,
            description="The probability ratio is clipped at 1 plus this (DAPO's clip-higher). Null is clip_ratio_low.",
        )
    )
    clip_ratio_c: DualClip = Field(
        default=3.0, description="Bound of the ratio for responses with a negative advantage (dual-clip PPO)."
    )
    loss_agg_mode: Annotated[
        Literal["token-mean", "seq-mean-token-sum", "seq-mean-token-mean"],
        expected("token-mean, seq-mean-token-sum or seq-mean-token-mean"),
    ] = Field(
        default="token-mean", description="How token losses are combined: over all tokens, or per response first."
    )
    lr_warmup_steps: WarmUp = Field(default=0, description="Steps in which the learning rate rises to its value.")
    max_num_gen_batches: Batches = Field(
        default=0,
        description="Dynamic sampling (DAPO): how many batches a step may sample until the rewards of each "
        "group differ. 0 is off.",
    )
    overlong_buffer: Tokens = Field(
        default=0,
        description="DAPO's overlong penalty: the reward falls over this many tokens before max_new_tokens. 0 is off.",
    )
    overlong_factor: Weight = Field(default=1.0, description="Reward that a response of max_new_tokens loses.")
    entropy_bonus: Annotated[Bonus | None, expected("a number above 0, or null")] = Field(
        default=None,
        description="Added to each token's advantage per nat of its entropy, up to half of the advantage's size. Null "
        "is off.",
    )
    unlabeled_rewards: Annotated[
        Literal["predicted", "majority", "agreement", "trapo"], expected("predicted, majority, agreement or trapo")
    ] = Field(
        default="predicted",
        description="Rewards of responses to queries without a ground truth: predicted by the reward model, by "
        "majority vote (TTRL), the share of equal answers (EMPO), or by majority vote on selected queries (TRAPO). "
        "Methods set it.",
    )
    votes: Annotated[Responses | None, expected("at least as many responses as are trained on, or null")] = Field(
        default=None,
        description="Responses per query that vote on its answer; the first samples_per_query of them are trained on. "
        "Null is samples_per_query.",
    )
    ties: Annotated[Literal["first", "none", "all"], expected("first, none or all")] = Field(
        default="first",
        description="Majority vote: which of equally frequent answers gets the reward: the first given, none or all.",
    )
    trapo_warm_up: Part = Field(
        default=8 / 15, description="TRAPO: share of the steps, at the start, that train on labeled queries only."
    )
    trapo_share: Part = Field(
        default=0.1, description="TRAPO: share of a batch's unlabeled queries, the most similar ones, to train on."
    )
    trapo_threshold: Cosine = Field(
        default=0.4,
        description="TRAPO: unlabeled queries of at least this similarity are trained on, whatever their rank.",
    )
    adv_estimator: Annotated[
        Literal["grpo", "nsr", "psr", "w_reinforce", "passk"], expected("grpo, nsr, psr, w_reinforce or passk")
    ] = Field(
        default="grpo",
        description="Advantage: GRPO's; from wrong responses only (nsr), from right ones only (psr), from both with "
        "less weight on right ones (w_reinforce); or that of pass@k training (passk). See docs/methods.md.",
    )
    passk_k: Positive = Field(default=4, description="passk: responses per attempt, fewer than samples_per_query.")
    positive_advantage_weight: Weight = Field(default=0.1, description="w_reinforce: weight of right responses.")
    loss_mode: Annotated[Literal["vanilla", "kl_cov", "clip_cov"], expected("vanilla, kl_cov or clip_cov")] = Field(
        default="vanilla",
        description="Policy loss: PPO's clipped one, or one that preserves entropy at tokens of high covariance.",
    )
    kl_cov_ratio: Share = Field(default=0.002, description="kl_cov: share of the tokens that get a KL term.")
    ppo_kl_coef: Weight = Field(default=1.0, description="kl_cov: weight of that term.")
    clip_cov_ratio: Share = Field(default=0.0002, description="clip_cov: share of the tokens that are left out.")
    clip_cov_lb: Weight = Field(default=1.0, description="clip_cov: covariance above which a token may be left out.")
    clip_cov_ub: Weight = Field(default=5.0, description="clip_cov: covariance below which a token may be left out.")
    kl_loss_coef: Weight = Field(
        default=0.0, description="Weight of the KL divergence from the policy before training in the loss. 0 is off."
    )
    tensor_model_parallel_size: CopyGpus = Field(
        default=1, description="GPUs that share one copy of the policy while it samples (vLLM)."
    )
    gpu_memory_utilization: Clip = Field(
        default=0.5, description="GPUs: share of the memory that vLLM takes while it samples."
    )
    free_cache_engine: Switch = Field(
        default=True, description="GPUs: vLLM gives its memory back while the policy learns."
    )
    enforce_eager: Switch = Field(
        default=False, description="GPUs: vLLM samples without CUDA graphs: it starts sooner and samples more slowly."
    )
    offload: Annotated[Literal["none", "optimizer", "all"], expected("none, optimizer, or all (weights, too)")] = Field(
        default="none", description="GPUs: what is kept in the machine's memory except in gradient steps."
    )
    enable_gradient_checkpointing: Switch = Field(
        default=True, description="GPUs: compute a layer's activations again instead of keeping them."
    )
    attn_implementation: Annotated[Literal["sdpa", "flash_attention_2"], expected("sdpa or flash_attention_2")] = Field(
        default="sdpa",
        description="GPUs: transformers' implementation of attention. flash_attention_2 needs the package flash-attn.",
    )
    lora: Annotated[Lora | None, expected("adapters such as {rank: 32, alpha: 64}, or null")] = Field(
        default=None,
        description="Train low-rank adapters of the linear layers instead of all weights. Null is off.",
    )
    use_remove_padding: Switch = Field(default=False, description="GPUs: pack responses without their padding.")
    ppo_max_token_len_per_gpu: Annotated[ManyTokens | None, expected("a whole number of tokens, or null")] = Field(
        default=None,
        description="GPUs: fill micro-batches up to this many tokens instead of ppo_micro_batch_size_per_gpu "
        "responses. Null is off.",
    )
    temperature: Heat = Field(default=1.0, description="Temperature of sampling.")
    max_prompt_tokens: Annotated[
        Positive | None, expected("a whole number of at least 1, or null for what the longest prompt needs")
    ] = Field(
        default=None,
        description="Longest prompt in the policy's own tokens; a longer one stops the run before anything is sampled "
        "or trained. Null is large enough for the longest training or validation prompt, and at least 128.",
    )
    overlong_prompts: Annotated[Literal["refuse", "leave_out"], expected("refuse or leave_out")] = Field(
        default="refuse",
        description="What to do with prompts over max_prompt_tokens; data/dropped.csv counts those left out.",
    )
    max_new_tokens: Positive = Field(default=64, description="Longest response, in tokens; a longer one is cut there.")
    save_freq: Steps = Field(default=5, description="Steps between two checkpoints; a divisor of steps.")
    test_freq: Steps = Field(default=10, description="Steps between two evaluations on the validation queries.")
    validation_samples: Responses = Field(default=1, description="Responses per validation query.")
    validation_temperature: Temperature = Field(
        default=0.0, description="Temperature of validation. 0 takes the likeliest token."
    )
    selection: Annotated[
        Literal["valid", "last"], expected("valid (the best checkpoint on the validation queries) or last")
    ] = Field(
        default="valid", description="The checkpoint that is kept: the best one on the validation queries, or the last."
    )
    logger: Loggers = Field(
        default=["file"],
        description="Trackers that get the metrics of each step (docs/gpu.md). file, history.csv, is always written. "
        "Changes do not trigger reruns.",
    )
    per_policy: Annotated[
        dict[AnyName, OfPolicy], expected("settings such as {large: {tensor_model_parallel_size: 2}}")
    ] = Field(default={}, description="Name of a policy -> its own settings, which override those of this section.")
    verl: Annotated[list[Override], Strict(), expected("a list of Hydra overrides")] = Field(
        default=[],
        description="Further Hydra overrides for verl's main_ppo; they override those of this project. Keys that the "
        "workflow sets for each run, such as files, steps, seeds and devices, are refused.",
    )
