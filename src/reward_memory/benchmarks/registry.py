"""The benchmarks that the project knows, and the domain that decides how a response is graded."""

from ..errors import InputError

#: Name -> math | qa | code, in the order of the tables (MemReward, section 4.1).
DOMAINS = {
    "gsm8k": "math",
    "math": "math",
    "gsm_symbolic": "math",
    "mmlu": "qa",
    "commonsenseqa": "qa",
    "obqa": "qa",
    "arc_c": "qa",
    "gpqa": "qa",
    "humaneval_plus": "code",
    "mbpp_plus": "code",
    "numina_math": "math",
    "siqa": "qa",
    "piqa": "qa",
}

NAMES = tuple(DOMAINS)


def check_name(name: str) -> None:
    """InputError if `name` is not a known benchmark."""
    if name not in DOMAINS:
        raise InputError(f"benchmarks: {name!r} is not a known benchmark; choose from {', '.join(NAMES)}.")
