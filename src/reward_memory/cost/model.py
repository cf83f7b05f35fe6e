"""What each job does and how long it takes: the only place that knows what the rules mean."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from reward_memory.config import suites, variants
from reward_memory.reward_models.names import NETWORKS
from reward_memory.settings import Evaluation, Rollouts, Training, checking
from reward_memory.training import PROMPT_TOKENS

from . import hardware, sizes
from .hardware import Hardware
from .jobs import Job
from .throughput import read_seconds, sample_seconds, update_seconds

#: Assumed seconds and bytes of what no model of a policy covers.
CPU_JOB, GRADING, DOWNLOAD = 3.0, 0.005, 50e6  # s a job, s a response, bytes/s
TEXT, VECTOR = 2.0, 384 * 4.0  # bytes a token of text in a table; bytes of an embedding
ENCODER = 10.6e6  # weights of MiniLM's six layers, without its embeddings
BOOTSTRAP = 2000  # tokens a step of a bootstrap
GRAPH_PASSES = 3  # of a graph's fit: forward and backward


@dataclass(frozen=True, slots=True)
class Work:
    """What one job costs.

    seconds  of wall time; NaN where the size of its policy is not known yet
    sampled  response tokens that are sampled, without those of validation
    trained  response tokens in gradient steps, each once however often it is read
    disk     bytes that it leaves
    scratch  bytes of checkpoints that it needs besides while it runs
    """

    seconds: float = 0.0
    sampled: float = 0.0
    trained: float = 0.0
    disk: float = 0.0
    scratch: float = 0.0


UNKNOWN = float("nan")


class Model:
    """Estimates for one configuration on one kind of device.

    config     as loading.load returns it
    reference  folder with hardware.yaml and policies.csv
    cap        GPUs that the profile lends at a time, None without a limit
    """

    def __init__(self, config: dict[str, Any], reference: Path, cap: int | None = None):
        devices = hardware.read(reference / "hardware.yaml")
        self.config, self.settings = config, checking.attributes(config)
        self.cost = self.settings.cost
        self.cpu = devices["cpu"]
        self.device = hardware.choose(devices, self.cost, cap)
        known = sizes.read(reference / "policies.csv")
        self.sizes = {
            name: sizes.size_of(name, policy, self.settings.results, known)
            for name, policy in self.settings.policies.items()
        }
        self.work = cache(self._work)

    @property
    def on_gpu(self) -> bool:
        """Whether the jobs that ask for a GPU get one."""
        return self.device is not self.cpu and self.device.name != self.cpu.name

    def devices(self, job: Job) -> int:
        """GPUs of a job."""
        return job.gpus if self.on_gpu else 0

    def _work(self, job: Job) -> Work:
        estimate = _RULES.get(job.rule)
        if estimate is None:
            return Work(CPU_JOB)
        policy = job.of("policy")
        if policy and self.sizes.get(policy) is None and job.rule in _SIZED:
            return Work(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)
        return estimate(self, job)

    def on(self, job: Job) -> tuple[Hardware, int]:
        """(device, number of them) of a job that takes a GPU where there is one."""
        return (self.device, job.gpus) if self.devices(job) else (self.cpu, 1)

    def length(self, longest: int) -> float:
        """Mean tokens of a response."""
        return self.cost.response_share * longest

    def prompt(self, training: Training) -> float:
        """Mean tokens of a prompt."""
        return self.cost.prompt_share * (training.max_prompt_tokens or PROMPT_TOKENS)

    def queries(self, suite: str, split: str) -> int:
        """Configured queries of a suite; what is left of a release, which nobody has counted yet, counts 0."""
        return sum(getattr(self.settings.benchmarks[name], split) or 0 for name in suites.members(self.config, suite))

    def bytes_a_weight(self) -> int:
        """bfloat16 on a GPU, float32 on CPU."""
        return 2 if self.on_gpu else 4


def _sampling(model: Model, job: Job, responses: int, settings: Rollouts | Evaluation, graded: bool) -> Work:
    """Sample responses from a policy in a job of their own."""
    device, count = model.on(job)
    longest, size = settings.max_new_tokens, model.sizes[job.of("policy")]
    tokens = responses * model.length(longest)
    seconds, prompt = device.job_seconds + responses * GRADING * graded, model.prompt(model.settings.training)
    seconds += sample_seconds(size, device, count, responses, model.length(longest), longest, prompt)
    return Work(seconds, sampled=tokens, disk=tokens * TEXT)


def _rollouts(model: Model, job: Job) -> Work:
    settings = model.settings.rollouts
    queries = getattr(model.settings.benchmarks[job.of("benchmark")], job.of("split")) or 0
    return _sampling(model, job, queries * settings.samples_per_query, settings, graded=False)


def _evaluate(model: Model, job: Job) -> Work:
    settings = Evaluation.model_validate(suites.evaluation(model.config, job.of("tested")))
    queries = model.queries(job.of("tested"), "test")
    return _sampling(model, job, queries * settings.samples_per_query, settings, graded=True)


def _train(model: Model, job: Job) -> Work:
    """A run of verl: sampling, log-probabilities, gradient steps, validation, checkpoints."""
    device, count = model.on(job)
    method, size = job.of("method"), model.sizes[job.of("policy")]
    training, memory = suites.run_settings(model.config, job.of("suite"), method, job.of("policy"))
    longest, prompt = training.max_new_tokens, model.prompt(training)
    length, steps = model.length(longest), training.steps
    responses = training.train_batch_size * training.samples_per_query
    sampled = responses * min(max(training.max_num_gen_batches, 1), model.cost.generation_batches)
    share = training.gpu_memory_utilization
    batch = sample_seconds(size, device, count, sampled, length, longest, prompt, share) + sampled * GRADING
    padded = responses * (prompt + length) * (1 if training.use_remove_padding else model.cost.padding)
    context = (prompt + length) / 2
    bypassed = not model.on_gpu and memory is None and training.entropy_bonus is None
    passes = (0 if bypassed else 1) + (training.kl_loss_coef > 0)
    step = batch + passes * read_seconds(size, device, count, padded, context)
    recomputed = model.on_gpu and training.enable_gradient_checkpointing
    step += update_seconds(size, device, count, padded, context, recomputed)
    validated = model.queries(job.of("suite"), "valid") * training.validation_samples
    validations = 1 + steps // training.test_freq
    valid = sample_seconds(size, device, count, validated, length, longest, prompt, share) + validated * GRADING
    seconds = device.training_seconds + steps * (step + device.step_seconds) + validations * valid
    weights = size.parameters * model.bytes_a_weight()
    # weights, two moments of Adam and the Hugging Face copy; the best, the last and the one being written are there
    checkpoints = min(3, steps // training.save_freq) if training.selection == "valid" else 2
    texts = steps * sampled * length * TEXT
    return Work(
        seconds,
        sampled=steps * sampled * length,
        trained=steps * responses * length,
        disk=weights + texts,
        scratch=checkpoints * 4 * weights + texts,
    )


def _bootstrap(model: Model, job: Job) -> Work:
    size = model.sizes[job.of("policy")]
    tokens = model.settings.policies[job.of("policy")].bootstrap.steps * BOOTSTRAP
    return Work(model.cpu.job_seconds + update_seconds(size, model.cpu, 1, tokens, 32), disk=size.parameters * 4)


def _download_policy(model: Model, job: Job) -> Work:
    # released in bfloat16
    size = model.sizes[job.of("policy")].parameters * 2
    return Work(CPU_JOB + size / DOWNLOAD, disk=size)


def _responses(model: Model, job: Job, split: str) -> int:
    return model.queries(job.of("suite"), split) * model.settings.rollouts.samples_per_query


def _embeddings(model: Model, job: Job) -> Work:
    device, count = model.on(job)
    responses = _responses(model, job, job.of("split"))
    queries = model.queries(job.of("suite"), job.of("split"))
    # a response is cut into thinking and answer, each at most as long as the encoder reads
    tokens = queries * model.prompt(model.settings.training)
    tokens += responses * min(model.length(model.settings.rollouts.max_new_tokens), 2 * 256)
    operations = 2 * ENCODER * tokens
    rate = 1e12 * device.peak_tflops * device.network_utilization * count
    return Work(device.job_seconds + operations / rate, disk=(queries + 2 * responses) * VECTOR)


def _reward_model(model: Model, job: Job) -> Work:
    """A network sees all labeled queries in every epoch of every run; the others take no time worth counting."""
    device, count = model.on(job)
    settings = variants.settings(model.config, job.of("predictor"))
    queries = model.queries(job.of("suite"), "train") * int(job.of("ratio")) / 100
    nodes, hidden = queries * (1 + 2 * model.settings.rollouts.samples_per_query), settings["hidden_channels"]
    kept = nodes * hidden * 4
    if settings["predictor"] not in NETWORKS:
        return Work(CPU_JOB, disk=kept)
    # six relations with two projections each, of which a node takes part in about half
    weights = 384 * hidden + settings["num_layers"] * 6 * hidden**2
    operations = GRAPH_PASSES * 2 * weights * nodes * settings["epochs"] * settings["runs"]
    rate = 1e12 * device.peak_tflops * device.network_utilization * count
    return Work(CPU_JOB + operations / rate, disk=kept + 8 * weights)


def _graded(split: Callable[[Job], str]) -> Callable[[Model, Job], Work]:
    return lambda model, job: Work(CPU_JOB + GRADING * _responses(model, job, split(job)))


def _metrics(model: Model, job: Job) -> Work:
    responses = sum(_responses(model, job, split) for split in ("train", "valid", "test"))
    return Work(2 * CPU_JOB, disk=responses * 20.0)


def _agreement(model: Model, job: Job) -> Work:
    training, _ = suites.run_settings(model.config, job.of("suite"), job.of("method"), job.of("policy"))
    return Work(CPU_JOB + GRADING * training.steps * training.train_batch_size * training.samples_per_query)


_RULES: dict[str, Callable[[Model, Job], Work]] = {
    "sample_rollouts": _rollouts,
    "evaluate_policy": _evaluate,
    "train_policy": _train,
    "bootstrap_policy": _bootstrap,
    "download_policy": _download_policy,
    "embed_rollouts": _embeddings,
    "fit_reward_model": _reward_model,
    "measure_reward_model": _metrics,
    "grade_rollouts": _graded(lambda job: job.of("split")),
    "measure_agreement": _agreement,
}
_SIZED = {"sample_rollouts", "evaluate_policy", "train_policy", "bootstrap_policy", "download_policy"}
