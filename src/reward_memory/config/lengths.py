"""Check the longest responses in training against those that are sampled elsewhere."""

from __future__ import annotations

import itertools

from reward_memory.settings import Configuration, Sampling

from . import methods, suites

#: Default of `max_new_tokens`.
DEFAULT = Sampling.model_fields["max_new_tokens"].default


def mistake(config: Configuration) -> str | None:
    """Return a message about a `max_new_tokens` left at its default, below that of training, or None.

    Test responses would be cut where training lets them finish, and reward models would learn from cut responses.
    """
    for suite in suites.evaluated(config):
        where = "" if suite == suites.MAIN else f"suites: {suite}: "
        runs = itertools.product(suites.trained(config, suite), suites.policies(config, suite))
        longest = max((suites.run_settings(config, suite, *run)[0].max_new_tokens for run in runs), default=0)
        sections: list[tuple[str, Sampling]] = [(f"{where}evaluation", suites.evaluation(config, suite))]
        if any(methods.find(config, name).rewards == "predicted" for name in suites.trained(config, suite)):
            sections.append(("rollouts", config.rollouts))
        for name, section in sections:
            if section.max_new_tokens == DEFAULT < longest:
                return (
                    f"{name}: max_new_tokens: {DEFAULT}, the default, is less than the "
                    f"{longest} tokens of training: max_new_tokens and would cut responses; give {longest}."
                )
    return None
