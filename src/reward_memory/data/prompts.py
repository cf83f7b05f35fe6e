"""System prompts of the real benchmarks: step-by-step work, then the answer where the verifiers look for it."""

from reward_memory.errors import InputError

_CODE = (
    "Think step by step about the function that is asked for. Then write #### and, below it, the whole function in one "
    "```python block."
)

#: answer format -> domain -> system prompt. MemReward asks for `####`, MEDS for a box.
SYSTEM_PROMPTS = {
    "hash": {
        "math": (
            "Solve the problem step by step. Write the final answer alone on the last line after ####, "
            "like this: #### <answer>"
        ),
        "qa": (
            "Think about the question step by step, then choose one option. Write its letter alone on the last "
            "line after ####, like this: #### <answer>"
        ),
        "code": _CODE,
    },
    "boxed": {
        "math": "Please reason step by step, and put your final answer within \\boxed{}.",
        "qa": (
            "Please reason step by step, then choose one option, and put its letter within \\boxed{}, "
            "like this: \\boxed{<letter>}"
        ),
        "code": _CODE,
    },
}


def system_prompt(domain: str, answer_format: str = "hash") -> str:
    """Return the system prompt of a domain; InputError for an unknown answer format."""
    if answer_format not in SYSTEM_PROMPTS:
        raise InputError(f"answer_format: {answer_format!r} is not known; choose from {', '.join(SYSTEM_PROMPTS)}.")
    return SYSTEM_PROMPTS[answer_format][domain]
