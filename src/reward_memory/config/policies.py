"""The section `policies`: accuracies that are stated in the wrong unit, and stand-ins that a policy never reads."""

from __future__ import annotations

from reward_memory.data.registry import CONTROLS, MEDS, NAMES
from reward_memory.settings import Configuration

from . import suites

#: Whose stand-ins a policy is bootstrapped on -> their names.
_TAUGHT = {"memreward": {*NAMES}, "meds": {*MEDS}, "watches": {*CONTROLS}}


def mistake(config: Configuration) -> str | None:
    """Accuracies that are stated as shares of one in place of percent; None if there are none."""
    for name, policy in config.policies.items():
        # of AIME's thirty problems a policy may answer less than one in a hundred
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
    """A policy that is bootstrapped for other stand-ins than all those of its suite, of which it answers none."""
    for suite in suites.evaluated(config):
        for other in dict.fromkeys((suite, suites.reward_model_of(config, suite))):
            members = suites.members(config, other)
            meant = next((one for one, names in _TAUGHT.items() if {*members} & names), None)
            if meant is None or any(config.benchmarks[name].source != "generated" for name in members):
                continue
            for policy in suites.policies(config, suite):
                own = config.policies[policy].bootstrap
                if own is not None and not {*members} & _TAUGHT[own.benchmarks]:
                    return (
                        f"policies: {policy}: bootstrap: benchmarks: {own.benchmarks} teaches it none of the "
                        f"benchmarks of suite {other}, such as {members[0]}; set benchmarks: {meant}, or give suite "
                        f"{suite} other policies."
                    )
    return None
