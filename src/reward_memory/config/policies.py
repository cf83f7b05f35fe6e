"""Check `policies`: accuracies in the wrong unit, and policies bootstrapped on the wrong stand-ins."""

from __future__ import annotations

from reward_memory.data.registry import CONTROLS, MEDS, NAMES
from reward_memory.settings import Configuration

from . import suites

#: Value of bootstrap: benchmarks -> names of the stand-ins that the policy is bootstrapped on.
_STAND_INS = {"memreward": {*NAMES}, "meds": {*MEDS}, "watches": {*CONTROLS}}


def mistake(config: Configuration) -> str | None:
    """Return a message about accuracies given as fractions instead of percent, or None."""
    for name, policy in config.policies.items():
        # a policy may well solve less than 1 % of AIME's 30 problems
        stated = {one: value for one, value in (policy.expected or {}).items() if one != suites.AIME}
        shares = [one for one, value in stated.items() if 0 < value < 1]
        if shares and max(stated.values()) <= 1:
            value = stated[shares[0]]
            return (
                f"policies: {name}: expected: {shares[0]}: {value} looks like a share; give percent, such as "
                f"{100 * value:g}."
            )
    return None


def never_read(config: Configuration) -> str | None:
    """Return a message about a policy that was bootstrapped on none of the stand-ins of its suite, or None."""
    for suite in suites.evaluated(config):
        for other in dict.fromkeys((suite, suites.reward_model_of(config, suite))):
            members = suites.members(config, other)
            match = next((one for one, names in _STAND_INS.items() if {*members} & names), None)
            if match is None or any(config.benchmarks[name].source != "generated" for name in members):
                continue
            for policy in suites.policies(config, suite):
                bootstrap = config.policies[policy].bootstrap
                if bootstrap is not None and not {*members} & _STAND_INS[bootstrap.benchmarks]:
                    return (
                        f"policies: {policy}: bootstrap: benchmarks: {bootstrap.benchmarks} trains it on none of the "
                        f"benchmarks of suite {other}, such as {members[0]}; set benchmarks: {match}, or give suite "
                        f"{suite} other policies."
                    )
    return None
