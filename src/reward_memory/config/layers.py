"""The layers that the error memory reads, against those that a policy has."""

from __future__ import annotations

import itertools

from reward_memory.settings import Configuration

from . import contradictions, suites


def mistake(config: Configuration) -> str | None:
    """The first error_memory: last_layers beyond the layers of a policy; None if there is none.

    Policies that are not on this disk yet are passed over.
    """
    layers = {name: settings.get("num_hidden_layers") for name, settings in contradictions.known_settings(config)}
    for suite in suites.evaluated(config):
        for method, policy in itertools.product(suites.trained(config, suite), suites.policies(config, suite)):
            memory, have = suites.run_settings(config, suite, method, policy)[1], layers.get(policy)
            if memory is None or memory.method == "answers" or not isinstance(have, int):
                continue
            there = have - memory.differences
            taken = 1 if memory.last_layers == "all" else memory.last_layers
            if taken > there:
                what = "differences between layers" if memory.differences else "layers"
                # one layer has no difference to another
                mend = "lower it, or write all" if there else "leave differences out"
                return (
                    f"error_memory: last_layers: {memory.last_layers} is more than the {there} {what} of the policy "
                    f"{policy}, which {method} in suite {suite} trains; {mend}."
                )
    return None
