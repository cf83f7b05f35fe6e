"""Which seeds share their labeled queries."""

import pytest

CONFIG = ("--configfile", "config/test.yaml")
MANY = ("seeds: [0]", "seeds: [0, 1]")


def draws(jobs, rule) -> list[str]:
    return sorted(w["draw"] for name, w in jobs if name == rule and w["suite"] == "main")


def test_all_seeds_share_one_draw(workflow):
    workflow.edit("config/test.yaml", *MANY)
    jobs = workflow.jobs("results/tables/main.csv", *CONFIG)
    assert draws(jobs, "route_labels") == [""]
    assert draws(jobs, "reveal_rewards") == [""]


@pytest.mark.slow
def test_each_seed_draws_its_own_where_the_switch_is_on(workflow):
    workflow.edit("config/test.yaml", MANY[0], f"{MANY[1]}\ndata: {{redraw_labels: true}}")
    jobs = workflow.jobs("results/tables/main.csv", *CONFIG)
    assert draws(jobs, "route_labels") == ["-seed0", "-seed1"]
    assert draws(jobs, "reveal_rewards") == ["-seed0", "-seed1"]
    # r1-p and memreward once a seed; the oracle's queries are the same for both
    assert draws(jobs, "select_training_queries") == ["", *2 * ["-seed0"], *2 * ["-seed1"]]
    for seed in (0, 1):
        workflow.run(f"results/labels/main/ratio50-seed{seed}.parquet", "--cores", "1", *CONFIG)
    one, two = ((workflow.folder / f"results/labels/main/ratio50-seed{seed}.parquet").read_bytes() for seed in (0, 1))
    assert one != two
