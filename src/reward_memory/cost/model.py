"""Estimates of the work and time of each job: the only module that knows what the rules do."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reward_memory.config import suites, variants
from reward_memory.reward_models.names import NETWORKS
from reward_memory.settings import Configuration, Evaluation, Rollouts, Training
from reward_memory.training import PROMPT_TOKENS

from . import hardware, sizes
from .hardware import Hardware
from .jobs import Job
from .throughput import read_seconds, sample_seconds, update_seconds

#: Assumed seconds and bytes of everything outside a policy's computation.
CPU_JOB, GRADING, DOWNLOAD = 3.0, 0.005, 50e6  # s per job, s per response, bytes/s
TEXT, VECTOR = 2.0, 384 * 4.0  # bytes per token of text in a table; bytes per embedding
ENCODER = 10.6e6  # weights of MiniLM's six layers, without its embeddings
BOOTSTRAP = 2000  # tokens per step of a bootstrap


@dataclass(frozen=True)
class Work:
    """Costs of one job; NaN if the size of its policy is not known yet.

    seconds  of wall time
    sampled  sampled response tokens, without those of validation
    trained  response tokens in gradient steps, each counted once
    disk     bytes of its results
    scratch  additional bytes of checkpoints while it runs
    """

    seconds: float = CPU_JOB
    sampled: float = 0.0
    trained: float = 0.0
    disk: float = 0.0
    scratch: float = 0.0


UNKNOWN = Work(*[float("nan")] * 5)


class Model:
    """Estimates for one configuration on one kind of device.

    config     as loading.load returns it
    reference  folder with hardware.yaml and policies.csv
    cap        GPUs that the profile allows in parallel, None without a limit
    """

    def __init__(self, config: Configuration, reference: Path, cap: int | None = None):
        devices = hardware.read(reference / "hardware.yaml")
        self.config = config
        self.cost = self.config.cost
        self.cpu, self.device = devices["cpu"], hardware.choose(devices, self.cost, cap)
        self.on_gpu = self.device.name != self.cpu.name
        known = sizes.read(reference / "policies.csv")
        self.sizes = {
            name: sizes.size_of(name, policy, self.config.results, known)
            for name, policy in self.config.policies.items()
        }

    def work(self, job: Job) -> Work:
        """Costs of a job; jobs of unknown rules count as short jobs on CPU."""
        if job.rule in _OF_POLICIES:
            return _OF_POLICIES[job.rule](self, job) if self.sizes[job.of("policy")] else UNKNOWN
        return _OTHERS[job.rule](self, job) if job.rule in _OTHERS else Work()

    def gpus(self, job: Job) -> int:
        """GPUs of a job; 0 if there are none."""
        return job.gpus if self.on_gpu else 0

    def on(self, job: Job) -> tuple[Hardware, int]:
        """(device, number of devices) of a job that uses a GPU if there is one."""
        return (self.device, job.gpus) if self.gpus(job) else (self.cpu, 1)

    def length(self, settings: Rollouts | Evaluation | Training) -> float:
        """Mean tokens of a response."""
        return self.cost.response_share * settings.max_new_tokens

    def prompt(self, training: Training) -> float:
        """Mean tokens of a prompt."""
        return self.cost.prompt_share * (training.max_prompt_tokens or PROMPT_TOKENS)

    def queries(self, suite: str, split: str) -> int:
        """Configured queries of a suite; a split that takes the rest of a release has no known size and counts 0."""
        return sum(getattr(self.config.benchmarks[name], split) or 0 for name in suites.members(self.config, suite))

    def responses(self, job: Job) -> int:
        """Rollouts of a job's suite and split."""
        return self.queries(job.of("suite"), job.of("split")) * self.config.rollouts.samples_per_query

    def sampling(
        self,
        job: Job,
        responses: int,
        settings: Rollouts | Evaluation | Training,
        training: Training,
        memory: float = 0.9,
    ) -> float:
        """Seconds of sampling on a job's devices, with a share of their memory; prompts are those of `training`."""
        device, count = self.on(job)
        size, prompt, longest = self.sizes[job.of("policy")], self.prompt(training), settings.max_new_tokens
        return sample_seconds(size, device, count, responses, self.length(settings), longest, prompt, memory)


def _rollouts(model: Model, job: Job) -> Work:
    settings = model.config.rollouts
    queries = getattr(model.config.benchmarks[job.of("benchmark")], job.of("split")) or 0
    return _sampled(model, job, queries * settings.samples_per_query, settings)


def _evaluate(model: Model, job: Job) -> Work:
    settings = suites.evaluation(model.config, job.of("tested"))
    responses = model.queries(job.of("tested"), "test") * settings.samples_per_query
    return _sampled(model, job, responses, settings, responses * GRADING)


def _sampled(model: Model, job: Job, responses: int, settings: Rollouts | Evaluation, graded: float = 0.0) -> Work:
    """Costs of a job that samples responses and grades them for `graded` seconds."""
    tokens = responses * model.length(settings)
    seconds = model.on(job)[0].job_seconds + model.sampling(job, responses, settings, model.config.training) + graded
    return Work(seconds, sampled=tokens, disk=tokens * TEXT)


def _train(model: Model, job: Job) -> Work:
    """A run of verl: sampling, log-probabilities, gradient steps, validation, checkpoints."""
    size, (device, count) = model.sizes[job.of("policy")], model.on(job)
    training, memory = suites.run_settings(model.config, job.of("suite"), job.of("method"), job.of("policy"))

    def sampling(responses: int) -> float:
        seconds = model.sampling(job, responses, training, training, training.gpu_memory_utilization)
        return seconds + responses * GRADING

    responses = training.train_batch_size * training.samples_per_query
    sampled = responses * min(max(training.max_num_gen_batches, 1), model.cost.generation_batches)
    tokens = model.prompt(training) + model.length(training)
    padded = responses * tokens * (1 if training.use_remove_padding else model.cost.padding)
    bypassed = not model.on_gpu and memory is None and training.entropy_bonus is None
    passes = (0 if bypassed else 1) + (training.kl_loss_coef > 0)
    recomputed = model.on_gpu and training.enable_gradient_checkpointing
    step = device.step_seconds + sampling(sampled) + passes * read_seconds(size, device, count, padded, tokens / 2)
    step += update_seconds(size, device, count, padded, tokens / 2, recomputed)
    validation = sampling(model.queries(job.of("suite"), "valid") * training.validation_samples)
    validations = 1 + training.steps // training.test_freq
    # bfloat16 on a GPU, float32 on CPU
    weights = size.parameters * (2 if model.on_gpu else 4)
    # weights, two moments of Adam and the Hugging Face copy, for the best, the last and the unfinished checkpoint
    checkpoints = min(3, training.steps // training.save_freq) if training.selection == "valid" else 2
    written = training.steps * sampled * model.length(training)
    return Work(
        device.training_seconds + training.steps * step + validations * validation,
        sampled=written,
        trained=training.steps * responses * model.length(training),
        disk=weights + written * TEXT,
        scratch=checkpoints * 4 * weights + written * TEXT,
    )


def _bootstrap(model: Model, job: Job) -> Work:
    size = model.sizes[job.of("policy")]
    tokens = model.config.policies[job.of("policy")].bootstrap.steps * BOOTSTRAP
    return Work(model.cpu.job_seconds + update_seconds(size, model.cpu, 1, tokens, 32), disk=size.parameters * 4)


def _download(model: Model, job: Job) -> Work:
    # released in bfloat16
    size = model.sizes[job.of("policy")].parameters * 2
    return Work(CPU_JOB + size / DOWNLOAD, disk=size)


def _embeddings(model: Model, job: Job) -> Work:
    device, count = model.on(job)
    queries, responses = model.queries(job.of("suite"), job.of("split")), model.responses(job)
    # a response is split into thinking and answer, each truncated to the encoder's maximum length
    tokens = queries * model.prompt(model.config.training)
    tokens += responses * min(model.length(model.config.rollouts), 2 * 256)
    seconds = device.job_seconds + device.seconds(2 * ENCODER * tokens, device.network_utilization, count)
    return Work(seconds, disk=(queries + 2 * responses) * VECTOR)


def _reward_model(model: Model, job: Job) -> Work:
    """A network sees all labeled queries in every epoch of every run; other predictors take negligible time."""
    device, count = model.on(job)
    settings = variants.settings(model.config, job.of("predictor"))
    queries = model.queries(job.of("suite"), "train") * int(job.of("ratio")) / 100
    nodes, hidden = queries * (1 + 2 * model.config.rollouts.samples_per_query), settings["hidden_channels"]
    kept = nodes * hidden * 4
    if settings["predictor"] not in NETWORKS:
        return Work(disk=kept)
    # six relations with two projections each; a node takes part in about half of them
    weights = 384 * hidden + settings["num_layers"] * 6 * hidden**2
    operations = 3 * 2 * weights * nodes * settings["epochs"] * settings["runs"]  # forward and backward
    return Work(CPU_JOB + device.seconds(operations, device.network_utilization, count), disk=kept + 8 * weights)


def _grade(model: Model, job: Job) -> Work:
    return Work(CPU_JOB + GRADING * model.responses(job))


def _agreement(model: Model, job: Job) -> Work:
    training, _ = suites.run_settings(model.config, job.of("suite"), job.of("method"), job.of("policy"))
    return Work(CPU_JOB + GRADING * training.steps * training.train_batch_size * training.samples_per_query)


_OF_POLICIES: dict[str, Callable[[Model, Job], Work]] = {
    "sample_rollouts": _rollouts,
    "evaluate_policy": _evaluate,
    "train_policy": _train,
    "bootstrap_policy": _bootstrap,
    "download_policy": _download,
}
_OTHERS: dict[str, Callable[[Model, Job], Work]] = {
    "embed_rollouts": _embeddings,
    "fit_reward_model": _reward_model,
    "grade_rollouts": _grade,
    "measure_agreement": _agreement,
}
