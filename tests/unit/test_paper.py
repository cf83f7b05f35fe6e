"""config/paper.yaml: the papers' sizes and settings, each training run as verl understands it, the plan of it all."""

import itertools
import re
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
import verl_effective
import yaml

from reward_memory.config import arms, loading, resources, suites
from reward_memory.config import methods as registry
from reward_memory.data import load, splits
from reward_memory.data.registry import BENCHMARKS, MEDS, MEMREWARD
from reward_memory.generation.vllm_engine import OPTIONS, sampling_arguments
from reward_memory.settings import Sampling
from reward_memory.training.overrides import Run, overrides

ROOT = Path(__file__).parents[2]
PAPER = ROOT / "config/paper.yaml"
TRAINED = ["grpo", "grpo-entropy", "dapo", "meds", "meds-single-cluster", "meds-kmeans"]
TRAINED += ["meds-all-layers", "meds-all-diff", "meds-diff"]


@pytest.fixture(scope="module")
def config() -> dict:
    return loading.load(yaml.safe_load(PAPER.read_text()), PAPER.name)


@pytest.fixture(scope="module")
def runs(config) -> dict[tuple[str, str], list[str]]:
    """(policy, method) -> the overrides of its training runs, which differ in paths, queries and seeds alone."""
    listed = {}
    for suite in ("main", "meds"):
        for policy, method in itertools.product(suites.policies(config, suite), suites.trained(config, suite)):
            training, memory = suites.run_settings(config, suite, method, policy)
            run = Run(
                policy=Path("/p"),
                train=Path("/train.parquet"),
                valid=Path("/valid.parquet"),
                reward_model=Path("/m") if registry.find(config, method).rewards == "predicted" else None,
                state=Path("/state/run"),
                seed=0,
                gpus=resources.allocation(config, "train_policy", policy)["gpu"],
                nodes=resources.allocation(config, "train_policy", policy)["nodes"],
                error_memory=memory,
            )
            listed[policy, method] = overrides(training, run, config.sandbox, Path("/tmp/rm"))
    return listed


@pytest.fixture(scope="module")
def composed(runs, tmp_path_factory) -> dict[tuple[str, str], dict]:
    """(policy, method) -> what verl makes of it."""
    names = {listed: str(number) for number, listed in enumerate(sorted({tuple(listed) for listed in runs.values()}))}
    told = verl_effective.effective(
        {name: listed for listed, name in names.items()}, tmp_path_factory.mktemp("composed")
    )
    return {run: told[names[tuple(listed)]] for run, listed in runs.items()}


def test_it_says_that_it_has_not_been_run():
    assert "NOT RUN YET" in PAPER.read_text()


def test_every_benchmark_of_both_papers_comes_from_the_hub_at_a_commit(config):
    assert set(config.benchmarks) == set(BENCHMARKS)
    assert {benchmark.source for benchmark in config.benchmarks.values()} == {"hub"}
    assert {name for name, benchmark in config.benchmarks.items() if benchmark.suite == "meds"} == set(MEDS)


def test_memrewards_sizes_are_those_of_its_printed_accuracies(config):
    sizes = {name: config.benchmarks[name] for name in suites.members(config, "main")}
    large = {"gsm8k", "math", "gsm_symbolic", "mmlu", "commonsenseqa", "obqa", "arc_c"}
    assert {name for name, size in sizes.items() if size.test == 450} == large
    assert {sizes[name].train + sizes[name].valid + sizes[name].test for name in large} == {1500}
    small = {name: sizes[name].test for name in sizes.keys() - large}
    assert small == {"gpqa": 60, "humaneval_plus": 39, "mbpp_plus": 80}
    assert {split: sum(getattr(size, split) for size in sizes.values()) for split in ("valid", "test")} == {
        "valid": 2217,
        "test": 3329,
    }
    ood = suites.members(config, "ood")
    assert {name: config.benchmarks[name].test for name in ood} == {"numina_math": 450, "siqa": 450, "piqa": 450}


def test_no_benchmark_is_asked_for_more_than_its_release_holds(config):
    for name, benchmark in config.benchmarks.items():
        wanted = sum(getattr(benchmark, split) for split in ("train", "valid", "test"))
        assert wanted <= sum(BENCHMARKS[name].rows.values()), name


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(BENCHMARKS.keys() - {"gpqa"}))
def test_the_real_files_hold_the_sizes_without_tearing_families_apart(shared, config, name):
    # without gpqa, whose authors ask not to republish it; its sizes are the whole release
    wanted = {split: getattr(config.benchmarks[name], split) for split in splits.SPLITS}
    parts = splits.sample(name, load(name, "mirror", shared / "benchmarks", partial=True).items, wanted, seed=42)
    assert {split: len(part) for split, part in parts.items()} == wanted


def test_meds_trains_on_one_pool_and_tests_on_all_problems_of_five(config):
    sizes = {name: config.benchmarks[name] for name in suites.members(config, "meds")}
    assert [name for name, size in sizes.items() if size.train or size.valid] == ["dapo_math_17k"]
    tested = {name: size.test for name, size in sizes.items() if size.test}
    assert tested == {"aime24": 30, "amc23": 40, "math500": 500, "minerva": 272, "olympiadbench": 674}


def test_prompts_ask_for_the_answer_as_in_each_paper(config):
    assert {suites.answer_format(config, name) for name in MEMREWARD} == {"hash"}
    assert {suites.answer_format(config, name) for name in MEDS} == {"boxed"}


def test_policies_are_pinned_models_of_the_hub(config):
    found = {name: policy.hub.repository for name, policy in config.policies.items()}
    assert found == {
        "qwen2.5-3b": "Qwen/Qwen2.5-3B-Instruct",
        "qwen2.5-1.5b": "Qwen/Qwen2.5-1.5B-Instruct",
        "qwen2.5-math-7b": "Qwen/Qwen2.5-Math-7B",
        "qwen3-1.7b": "Qwen/Qwen3-1.7B",
        "qwen3-8b": "Qwen/Qwen3-8B",
    }
    assert all(re.fullmatch(r"[0-9a-f]{40}", policy.hub.revision) for policy in config.policies.values())


def test_every_published_arm_is_in_the_matrix(config):
    published = pd.read_csv(ROOT / "reference/published_results.csv")
    ours = {(policy, *arm) for policy in suites.policies(config) for arm in suites.arms(config)}
    first = published[published["table"].isin(["main", "ood", "label_ratio"])]
    assert {*first[["policy", "method", "label_ratio"]].itertuples(index=False, name=None)} <= ours
    ours = {
        (policy, arms.published_meds(method))
        for policy in suites.policies(config, "meds")
        for method in suites.methods(config, "meds")
    }
    second = published[published["paper"] == "meds"]
    assert {*second[["policy", "method"]].itertuples(index=False, name=None)} <= ours
    assert len(config.seeds) == len(suites.seeds(config, "meds")) == 3


def test_responses_and_reward_models_are_those_of_memreward(config):
    rollouts, model = config.rollouts, config.reward_model
    assert [getattr(rollouts, key) for key in ("samples_per_query", "temperature", "top_p", "max_new_tokens")] == [
        8,
        1.5,
        0.95,
        1024,
    ]
    keys = (
        "runs",
        "hidden_channels",
        "heads",
        "num_layers",
        "dropout",
        "num_neighbors",
        "learning_rate",
        "epochs",
        "check_every",
    )
    assert [getattr(model, key) for key in keys] == [40, 512, 4, 2, 0.1, 7, 1e-3, 150, 5]
    assert model.patience == 20


def test_evaluation_is_greedy_in_memreward_and_128_samples_in_meds(config):
    main, meds = (suites.evaluation(config, suite) for suite in ("main", "meds"))
    assert [getattr(main, key) for key in ("samples_per_query", "temperature", "max_new_tokens")] == [1, 0, 1024]
    assert [getattr(meds, key) for key in ("samples_per_query", "max_new_tokens")] == [128, 8192]
    assert meds.temperature > 0


def test_verl_accepts_every_training_run(composed):
    first = {
        (policy, method) for policy in ("qwen2.5-3b", "qwen2.5-1.5b") for method in ("r1-p", "memreward", "oracle")
    }
    second = {(policy, method) for policy in ("qwen2.5-math-7b", "qwen3-1.7b", "qwen3-8b") for method in TRAINED}
    assert composed.keys() == first | second
    assert all(run["engine"] == ["vllm", "cuda"] for run in composed.values())


def test_the_resources_of_a_job_are_what_verl_is_told(config, composed):
    for (policy, _), told in composed.items():
        asked = resources.allocation(config, "train_policy", policy)
        nodes, here, group = told["gpus"]
        assert (nodes, nodes * here) == (asked["nodes"], asked["gpu"])
        assert here % group == 0
        cpus, reserved = told["reserved"]
        assert cpus > reserved + 8  # placement groups, and the agent loops beside them


def test_memreward_trains_on_the_four_gpus_of_its_scripts(config):
    asked = [resources.allocation(config, "train_policy", policy) for policy in suites.policies(config)]
    assert [(one["gpu"], one["nodes"]) for one in asked] == [(4, 1)] * 2


def test_vllm_gives_its_memory_back_and_nothing_is_offloaded(composed):
    for told in composed.values():
        assert told["memory"] == [0.5, True, False, False, False, True]
        assert told["attention"] == "sdpa"


def test_vllm_has_room_for_prompt_and_response_and_no_more(composed):
    for told in composed.values():
        assert told["longest"] == sum(told["lengths"][2:])


def test_shards_alone_are_saved_since_they_are_merged_later(composed):
    assert all(set(told["saved"]) == {"model", "optimizer", "extra"} for told in composed.values())


#: What verl 0.9.1 calls our settings, and what it calls them to vLLM (vllm_async_server.launch_server).
TO_VLLM = {
    "tensor_model_parallel_size": "tensor_parallel_size",
    "gpu_memory_utilization": "gpu_memory_utilization",
    "enforce_eager": "enforce_eager",
    "max_model_len": "max_model_len",
    "seed": "seed",
}


def test_what_verl_tells_vllm_of_our_settings_are_arguments_that_vllm_takes(runs):
    pytest.importorskip("vllm", reason="vLLM is not installed (docs/vllm_on_cpu.md)")
    from vllm import SamplingParams
    from vllm.engine.arg_utils import EngineArgs

    prefix = "actor_rollout_ref.rollout."
    for listed in {tuple(listed) for listed in runs.values()}:
        keys = dict(text.removeprefix(prefix).split("=", 1) for text in listed if text.startswith(prefix))
        told = {theirs: yaml.safe_load(keys[ours]) for ours, theirs in TO_VLLM.items()}
        EngineArgs(model="policy", dtype="bfloat16", enable_sleep_mode=True, load_format="dummy", **told)
        SamplingParams(temperature=float(keys["temperature"]), top_p=float(keys["top_p"]), seed=1, max_tokens=1)


def test_what_samples_on_gpus_is_vllm_with_arguments_that_vllm_takes(config):
    sections = [config.rollouts, *(suites.evaluation(config, suite) for suite in ("main", "ood", "meds"))]
    assert {section.engine for section in sections} == {"auto"}
    pytest.importorskip("vllm", reason="vLLM is not installed (docs/vllm_on_cpu.md)")
    from vllm import SamplingParams
    from vllm.engine.arg_utils import EngineArgs

    for section in sections:
        sampling = Sampling.model_validate(section.model_dump(include={*Sampling.model_fields}))
        own = sampling.model_dump(include={*OPTIONS, "gpu_memory_utilization"})
        EngineArgs(model="policy", generation_config="vllm", **own)
        SamplingParams(**sampling_arguments(sampling), seed=1, stop_token_ids=[0], ignore_eos=True, detokenize=False)


def test_a_response_of_meds_evaluation_fits_behind_its_prompt(config):
    meds = suites.evaluation(config, "meds")
    assert meds.max_model_len >= meds.max_new_tokens + config.suites["meds"].training["max_prompt_tokens"]


def of(composed, policies: str) -> list[dict]:
    return [told for (policy, _), told in composed.items() if re.match(policies, policy)]


def test_memrewards_runs_have_its_settings(composed):
    for told in of(composed, r"qwen2\.5-(3|1\.5)b"):
        assert (told["learning_rate"], told["clip"], told["entropy"]) == (1e-6, [0.2] * 3, 0)
        assert told["kl"] == [True, 0.001, "low_var_kl"]
        assert told["reference"] is True
        assert told["batch"] == [128, 128, 8]
        assert told["lengths"] == [1024] * 4
        assert told["steps"] == [410, 41, 41]
        assert told["validation"] == [1, False, 0]
        assert (told["loss"], told["clip_ratio_c"], told["warm_up"]) == ("token-mean", 3.0, 0)
        assert told["own"]["generation_batches"] == told["own"]["overlong_buffer"] == 0
        assert told["own"]["error_memory"] is told["own"]["entropy_bonus"] is None


def test_only_memreward_has_a_reward_model(composed):
    assert {method for (_, method), told in composed.items() if told["own"]["reward_model"]} == {"memreward"}


def test_all_arms_of_meds_share_one_budget(composed):
    for told in of(composed, r"qwen3|qwen2\.5-math"):
        assert (told["learning_rate"], told["weight_decay"], told["gradient_clip"]) == (1e-6, 0.1, 1.0)
        assert told["warm_up"] == 10
        assert told["batch"] == [512, 16, 16]
        assert told["lengths"] == [1024, 3072] * 2
        assert told["temperature"] == [1.0, 1.0]
        assert told["validation"] == [1, True, 1.0]
        assert told["steps"][1:] == [50, 2]


def test_dapo_and_meds_clip_higher_sample_on_and_punish_length(composed):
    for (_, method), told in composed.items():
        if method == "dapo" or method.startswith("meds"):
            assert (told["clip"], told["clip_ratio_c"], told["loss"]) == ([0.2, 0.2, 0.28], 10.0, "token-mean")
            assert (told["kl"][0], told["reference"]) == (False, False)
            own = told["own"]
            assert (own["generation_batches"], own["overlong_buffer"], own["overlong_factor"]) == (10, 512, 1.0)


def test_grpo_has_a_kl_term_and_nothing_of_dapo(composed):
    for (_, method), told in composed.items():
        if method.startswith("grpo"):
            assert (told["clip"], told["clip_ratio_c"], told["loss"]) == ([0.2] * 3, 3.0, "seq-mean-token-mean")
            assert told["kl"] == [True, 0.001, "low_var_kl"]
            assert told["own"]["generation_batches"] == told["own"]["overlong_buffer"] == 0
            assert told["own"]["entropy_bonus"] == (0.4 if method == "grpo-entropy" else None)


def test_verls_own_dynamic_sampling_is_off_in_every_run(composed):
    assert not any(told["filter_groups"] for told in composed.values())


def test_the_penalty_is_weaker_for_the_policy_of_8b_alone(composed):
    found = {
        policy: {
            told["own"]["error_memory"]["alpha"]
            for (name, method), told in composed.items()
            if name == policy and method.startswith("meds")
        }
        for policy in ("qwen2.5-math-7b", "qwen3-1.7b", "qwen3-8b")
    }
    assert found == {"qwen2.5-math-7b": {0.1}, "qwen3-1.7b": {0.1}, "qwen3-8b": {0.02}}


def test_the_variants_of_meds_differ_in_what_their_names_say(composed):
    keys = ("method", "last_layers", "differences")
    found = {
        method: tuple(told["own"]["error_memory"][key] for key in keys)
        for (policy, method), told in composed.items()
        if policy == "qwen2.5-math-7b" and method.startswith("meds")
    }
    assert found == {
        "meds": ("hdbscan", 14, False),
        "meds-single-cluster": ("single", 14, False),
        "meds-kmeans": ("kmeans", 14, False),
        "meds-all-layers": ("hdbscan", "all", False),
        "meds-all-diff": ("hdbscan", "all", True),
        "meds-diff": ("hdbscan", 14, True),
    }


def test_the_published_budget_gives_grpo_its_scripts_lengths(config):
    meds = config.suites["meds"].model_copy(update={"budget": "as_published"})
    published = config.model_copy(update={"suites": config.suites | {"meds": meds}})
    found = {method: suites.settings(published, "meds", method)[0] for method in ("grpo", "grpo-entropy", "meds")}
    assert {method: (one["max_new_tokens"], one["ppo_mini_batch_size"]) for method, one in found.items()} == {
        "grpo": (7168, 32),
        "grpo-entropy": (3072, 32),
        "meds": (3072, 16),
    }


@pytest.mark.long
def test_the_whole_matrix_is_planned_in_at_most_3000_jobs_and_little_longer_than_a_small_run(workflow):
    small = workflow.run("all", "-n", "--configfile", "config/test.yaml")
    large = workflow.run("all", "-n", "--configfile", "config/paper.yaml")
    # 15 times the jobs, and the small plan imports nothing: what grew with their square would take 200 times
    assert large.seconds < 10 * small.seconds
    planned = Counter(job.rule for job in large.jobs)
    assert sum(planned.values()) <= 3000
    # 2 policies x 3 seeds x (6 ratios of r1-p and memreward + oracle, 3 methods out of domain); 3 x 3 x 9 methods
    assert planned["train_policy"] == 2 * 3 * (13 + 3) + 3 * 3 * 9
    assert (planned["download_benchmark"], planned["download_policy"]) == (19, 5)


@pytest.mark.slow
def test_a_table_plans_its_own_paper_alone(workflow):
    def policies(table: str) -> set[str]:
        jobs = workflow.jobs(f"results/paper/tables/{table}.csv", "--configfile", "config/paper.yaml")
        return {wildcards["policy"] for rule, wildcards in jobs if rule == "train_policy"}

    assert policies("main") == {"qwen2.5-3b", "qwen2.5-1.5b"}
    assert policies("meds_main") == {"qwen2.5-math-7b", "qwen3-1.7b", "qwen3-8b"}
