"""Check that a policy has the layers that the error memory reads."""

from __future__ import annotations

import itertools

from reward_memory.settings import Configuration

from . import contradictions, suites


def mistake(config: Configuration) -> str | None:
    """Return a message about the first error_memory: last_layers larger than a policy's number of layers, or None.

    Policies that are not on this disk yet are skipped.
    """
    layers = {name: settings.get("num_hidden_layers") for name, settings in contradictions.known_settings(config)}
    for suite in suites.evaluated(config):
        for method, policy in itertools.product(suites.trained(config, suite), suites.policies(config, suite)):
            memory, num_layers = suites.run_settings(config, suite, method, policy)[1], layers.get(policy)
            if memory is None or memory.method == "answers" or not isinstance(num_layers, int):
                continue
            present = num_layers - memory.differences
            needed = 1 if memory.last_layers == "all" else memory.last_layers
            if needed > present:
                what = "differences between layers" if memory.differences else "layers"
                # a policy with one layer has no differences
                fix = "lower it, or write all" if present else "leave differences out"
                return (
                    f"error_memory: last_layers: {memory.last_layers} is more than the {present} {what} of the policy "
                    f"{policy}, which {method} in suite {suite} trains; {fix}."
                )
    return None
