"""What many jobs need together: chains, limits, the disk."""

import pandas as pd
import pytest
from cost_jobs import job

from reward_memory.cost.bounds import busy, critical_path, fitting_together

CHAIN = [job(makes=("a",)), job(needs=("a",), makes=("b",)), job(needs=("a", "given"), makes=("c",))]


def asks(gpus=(1, 1, 1), mem=(3, 3, 3), cores=(1, 1, 1)) -> pd.DataFrame:
    return pd.DataFrame({"gpu": gpus, "mem_mb": mem, "cores": cores})


@pytest.mark.parametrize(("seconds", "longest"), [([1, 2, 5], 6), ([1, 7, 5], 8), ([0, 0, 0], 0)])
def test_the_critical_path_is_the_longest_chain_of_jobs_that_wait_for_each_other(seconds, longest):
    assert critical_path(CHAIN, seconds) == longest


@pytest.mark.parametrize(
    ("held", "limits", "seconds"),
    [
        (asks(), {}, 0),
        (asks(), {"gpu": 1}, 8),
        (asks(gpus=(0, 1, 0)), {"gpu": 1}, 2),
        (asks(gpus=(4, 4, 4)), {"gpu": 8}, 4),
        (asks(gpus=(8, 1, 1)), {"gpu": 2}, (2 * 1 + 2 + 5) / 2),  # who asks for more than there is gets all of it
        (asks(), {"mem_mb": 6}, 4),
        (asks(), {"gpu": 4, "cores": 2}, 4),
        (asks(), {"gpu": 0}, 0),
    ],
)
def test_jobs_keep_the_scarcest_limit_busy(held, limits, seconds):
    assert busy(pd.Series([1.0, 2.0, 5.0]), held, limits) == seconds


@pytest.mark.parametrize(
    ("held", "limits", "most"),
    [
        (asks(), {}, 300),
        (asks(), {"gpu": 1}, 200),
        (asks(), {"gpu": 2}, 300),
        (asks(), {"mem_mb": 5}, 200),
        (asks(gpus=(1, 1, 8)), {"gpu": 2}, 200),
        (asks(gpus=(0, 4, 4)), {"gpu": 4}, 200),
    ],
)
def test_the_largest_checkpoints_that_fit_within_the_limits_lie_there_at_a_time(held, limits, most):
    assert fitting_together(pd.Series([0.0, 100.0, 200.0]), held, limits) == most
