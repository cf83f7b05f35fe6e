"""Jobs side by side: waiting, limits, the disk."""

from cost_jobs import job

from reward_memory.cost.model import Work
from reward_memory.cost.schedule import critical_path, needs, simulate

CHAIN = [job(makes=("a",)), job(needs=("a",), makes=("b",)), job(needs=("a", "given"), makes=("c",))]


def works(*seconds: float) -> list[Work]:
    return [Work(one) for one in seconds]


def test_a_job_waits_for_the_makers_of_its_inputs_and_for_nothing_that_is_given():
    assert needs(CHAIN) == [[], [0], [0]]


def test_the_critical_path_is_the_longest_chain():
    assert critical_path(CHAIN, works(1, 2, 5)) == 6


def test_without_limits_everything_takes_the_critical_path():
    assert simulate(CHAIN, works(1, 2, 5), [1, 1, 1], {}).seconds == 6


def test_one_gpu_takes_one_job_after_the_other():
    assert simulate(CHAIN, works(1, 2, 5), [1, 1, 1], {"gpu": 1}).seconds == 8


def test_jobs_without_a_gpu_do_not_wait_for_one():
    assert simulate(CHAIN, works(1, 2, 5), [0, 1, 0], {"gpu": 1}).seconds == 6


def test_memory_and_cores_are_limits_too():
    pair = [job(makes=("a",), mem=3), job(makes=("b",), mem=3)]
    assert simulate(pair, works(4, 4), [0, 0], {"mem_mb": 6}).seconds == 4
    assert simulate(pair, works(4, 4), [0, 0], {"mem_mb": 5}).seconds == 8
    assert simulate(pair, works(4, 4), [0, 0], {"cores": 1}).seconds == 8


def test_a_job_that_asks_for_more_than_there_is_gets_all_of_it():
    assert simulate([job(makes=("a",))], works(4), [8], {"gpu": 2}).seconds == 4


def test_the_job_with_the_longest_way_to_the_end_goes_first():
    # short, and a chain of two: with the short one first it would take 3 + 2 + 4
    jobs = [job(makes=("a",)), job(makes=("b",)), job(needs=("b",), makes=("c",))]
    assert simulate(jobs, works(3, 2, 4), [1, 1, 0], {"gpu": 1}).seconds == 6


def test_the_disk_peaks_while_checkpoints_lie_beside_what_is_kept():
    done = [Work(1, disk=10), Work(2, disk=1, scratch=100), Work(5, disk=2, scratch=200)]
    assert simulate(CHAIN, done, [1, 1, 1], {}).peak == 10 + 101 + 202
    assert simulate(CHAIN, done, [1, 1, 1], {"gpu": 1}).peak == 10 + 202  # 10 + 2 + 101 afterwards
