"""The known benchmarks: how responses are graded, where the data comes from, how many rows it has."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from reward_memory.errors import InputError
from reward_memory.plugins import Parts


@dataclass(frozen=True)
class Benchmark:
    """Facts about a benchmark.

    domain      math | qa | code: how a response is graded
    license     as the release states it
    repository  dataset on the Hugging Face hub
    rows        source split -> rows of the complete release
    """

    domain: str
    license: str
    repository: str
    rows: dict[str, int] = field(default_factory=dict)


#: The benchmarks of MemReward, in the order of its tables (section 4.1).
MEMREWARD = {
    "gsm8k": Benchmark("math", "MIT", "openai/gsm8k", {"train": 7473, "test": 1319}),
    "math": Benchmark("math", "MIT", "EleutherAI/hendrycks_math", {"train": 7500, "test": 5000}),
    "gsm_symbolic": Benchmark("math", "CC-BY-NC-ND-4.0", "apple/GSM-Symbolic", {"main": 5000, "p1": 5000, "p2": 2500}),
    "mmlu": Benchmark("qa", "MIT", "cais/mmlu", {"test": 14042, "valid": 1531, "dev": 285}),
    "commonsenseqa": Benchmark("qa", "MIT", "tau/commonsense_qa", {"train": 9741, "valid": 1221, "test": 1140}),
    "obqa": Benchmark("qa", "Apache-2.0", "allenai/openbookqa", {"train": 4957, "valid": 500, "test": 500}),
    "arc_c": Benchmark("qa", "CC-BY-SA-4.0", "allenai/ai2_arc", {"train": 1119, "valid": 299, "test": 1172}),
    "gpqa": Benchmark("qa", "CC-BY-4.0", "Idavidrein/gpqa", {"train": 198}),
    "humaneval_plus": Benchmark("code", "Apache-2.0", "evalplus/humanevalplus", {"test": 164}),
    "mbpp_plus": Benchmark("code", "Apache-2.0", "evalplus/mbppplus", {"test": 378}),
    "numina_math": Benchmark("math", "Apache-2.0", "AI-MO/NuminaMath-CoT", {"train": 859494, "test": 100}),
    "siqa": Benchmark("qa", "not stated", "allenai/social_i_qa", {"train": 33410, "valid": 1954}),
    "piqa": Benchmark("qa", "AFL-3.0", "ybisk/piqa", {"train": 16113, "valid": 1838, "test": 3084}),
}
#: The training set of MEDS, which is DAPO-Math-17k and MATH's levels 3 to 5, and the benchmarks it is evaluated on.
MEDS = {
    "dapo_math_17k": Benchmark(
        "math", "Apache-2.0; MIT", "open-r1/DAPO-Math-17k-Processed", {"math": 7500, "dapo": 17398}
    ),
    "aime24": Benchmark("math", "not stated; problems by MAA", "HuggingFaceH4/aime_2024", {"test": 30}),
    "amc23": Benchmark("math", "not stated; problems by MAA", "math-ai/amc23", {"test": 40}),
    "math500": Benchmark("math", "MIT", "HuggingFaceH4/MATH-500", {"test": 500}),
    "minerva": Benchmark("math", "not stated; from MIT OpenCourseWare", "math-ai/minervamath", {"test": 272}),
    "olympiadbench": Benchmark("math", "MIT", "math-ai/olympiadbench", {"test": 675}),
}
#: Stand-ins for no real benchmark, used by the positive controls (config/controls.yaml).
CONTROLS = {"watches": Benchmark("math", "MIT", "")}
#: Row parsers of registered benchmarks (`mirror.registration`), from here or from installed packages.
READERS: Parts[Callable] = Parts(
    "benchmarks", "reward_memory.benchmarks", Path(__file__).parent / "mirror", f"{__package__}.mirror"
)


def _registered() -> dict[str, Benchmark]:
    """Registered benchmarks (of neither paper), by the constants in their files; incomplete ones are left out."""
    benchmarks = {}
    for name in READERS.names:
        options = READERS.options(name)
        if {"domain", "license", "rows"} <= options.keys() and name not in MEMREWARD | MEDS:
            repository = options.get("repository", "")
            benchmarks[name] = Benchmark(options["domain"], options["license"], repository, options["rows"])
    return benchmarks


REGISTERED: dict[str, Benchmark] = _registered()
BENCHMARKS = MEMREWARD | MEDS | REGISTERED

DOMAINS = {name: benchmark.domain for name, benchmark in (BENCHMARKS | CONTROLS).items()}

#: Benchmarks whose stand-ins the tiny policies learn in their bootstrap: those of MemReward.
NAMES = tuple(MEMREWARD)


def why_unusable(name: str) -> str | None:
    """Return, in one sentence, why a benchmark cannot be read from released files; None if it can."""
    if name in READERS.names:
        try:
            READERS.find(name)
        except InputError as error:
            return str(error)
        if name not in REGISTERED:
            module = READERS.declared(name).module
            return (
                f"benchmarks: {name}: {module} registers it without domain, license and rows as plain constants, or "
                "under a name that is already taken; see docs/extend.md."
            )
    if name not in DOMAINS:
        return f"benchmarks: {name}: {name!r} is not one of {', '.join(DOMAINS)}; others need source: import."
    return None


def check_name(name: str) -> None:
    """Raise InputError if `name` is not a known benchmark."""
    if name not in DOMAINS:
        raise InputError(f"benchmarks: {name!r} is not a known benchmark; choose from {', '.join(DOMAINS)}.")
