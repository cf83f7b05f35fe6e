"""A Ray that starts slowly: more time, then another attempt with more, then one sentence."""

import pytest
from ray._private import services
from test_launch import run, train, trainer  # noqa: F401  fixtures

from reward_memory.errors import InputError
from reward_memory.training import ray_patience


@pytest.fixture
def node(monkeypatch):
    """A node of Ray's that registers after so many looks; counts them."""
    looks = []

    def node(after: int) -> list:
        def look(address, name):
            looks.append(name)
            if len(looks) <= after:
                raise RuntimeError("not registered")
            return {"node": name}

        monkeypatch.setattr(services, "get_node", look)
        return looks

    monkeypatch.setattr(ray_patience.time, "sleep", lambda seconds: None)
    return node


def test_a_slow_node_is_waited_for(node, monkeypatch):
    looks = node(after=3)
    monkeypatch.setenv(ray_patience.LIMIT, "60")
    ray_patience.extend_node_timeout()
    ray_patience.extend_node_timeout()  # twice is once
    assert services.get_node("address", "n") == {"node": "n"}
    assert len(looks) == 4


def test_the_wait_ends_with_rays_own_error(node, monkeypatch):
    node(after=10**9)
    monkeypatch.setenv(ray_patience.LIMIT, "0.01")
    ray_patience.extend_node_timeout()
    with pytest.raises(RuntimeError, match="not registered"):
        services.get_node("address", "n")


def test_without_our_limit_rays_own_holds(node, monkeypatch):
    node(after=1)
    monkeypatch.delenv(ray_patience.LIMIT, raising=False)
    ray_patience.extend_node_timeout()
    with pytest.raises(RuntimeError, match="not registered"):
        services.get_node("address", "n")


def test_rays_other_limits_grow_along():
    assert ray_patience.environment(180)["RAY_gcs_server_port_wait_time_s"] == "180"


def test_a_start_that_took_too_long_is_tried_again_with_more_time(run, trainer, tmp_path, capfd):  # noqa: F811
    trainer(starts_at=ray_patience.STARTS[1])
    train(run, tmp_path)
    assert f"Ray did not start within {ray_patience.STARTS[0]} s" in capfd.readouterr().err


def test_the_attempts_are_bounded(run, trainer, tmp_path):  # noqa: F811
    trainer(starts_at=10**6)
    with pytest.raises(
        InputError, match=r"this machine is too busy\. Run the same command again when the machine is less busy"
    ):
        train(run, tmp_path)
    assert len((run.state / "commands").read_text().splitlines()) == len(ray_patience.STARTS)


def test_another_failure_is_not_tried_again(run, trainer, tmp_path):  # noqa: F811
    trainer(dies_unsaved_at=1)
    with pytest.raises(InputError):
        train(run, tmp_path)
    assert len((run.state / "commands").read_text().splitlines()) == 1
