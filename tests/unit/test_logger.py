"""What a run says: a line a finished job, time left, the result, the averages at the end."""

import pytest

from snakemake_logger_plugin_reward_memory.run import ROWS, Run, averages

HEAD = "policy,method,label_ratio,benchmark,accuracy,ci_low,ci_high\n"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def info(number, rule, **more):
    return {"jobid": number, "rule_name": rule, "wildcards": {}, "log": [], "input": [], "output": []} | more


def test_a_run_from_its_first_line_to_its_last(clock, tmp_path):
    log, table = tmp_path / "train.log", tmp_path / "main.csv"
    log.write_text("steps\nresult: reward 0.41 to 0.74\nlater words\n")
    table.write_text(HEAD + "tiny,base,0,math,1,0,2\ntiny,base,0,average (sample-weighted),54.2,51.6,56.7\n")
    run = Run(clock)
    lines = run.begins({"train_policy": 2, "accuracy_table": 1, "total": 3})
    assert lines == ["3 jobs: 2 train_policy, 1 accuracy_table", "About 3 min 4 s of work on one core."]
    # a job starts before its details come
    assert run.starts([1]) == []
    run.learns(info(1, "train_policy", wildcards={"policy": "tiny", "seed": "0"}, log=[str(log)], output=["a"]))
    run.learns(info(2, "train_policy", output=["b"]))
    run.learns(info(3, "accuracy_table", input=["a", "b"], output=[str(table)]))
    clock.now = 45
    # half of what was expected: 45 for the other training and 2 for the table, one at a time
    assert run.finishes(1) == ["[1/3, 47 s left] train_policy tiny 0: 45 s, reward 0.41 to 0.74"]
    run.starts([2])
    clock.now = 90
    assert run.finishes(2) == ["[2/3, 2 s left] train_policy: 45 s"]
    run.starts([3])
    clock.now = 91
    assert run.finishes(3) == ["[3/3] accuracy_table: 1 s"]
    assert run.ended() == [
        f"3 of 3 jobs done in 1 min 31 s. Results: {table}",
        "",
        "policy  method  labels  accuracy, %  95 % interval",
        "tiny    base    0 %     54.2         51.6 to 56.7",
    ]


def test_jobs_side_by_side_halve_the_time_left(clock):
    run = Run(clock)
    run.begins({"train_policy": 4})
    for number in range(4):
        run.learns(info(number, "train_policy"))
    run.starts([0, 1])
    clock.now = 60
    run.finishes(0)
    assert run.finishes(1) == ["[2/4, 1 min 0 s left] train_policy: 1 min 0 s"]


def test_a_failure_names_its_log_and_the_end_says_what_to_do(clock):
    run = Run(clock)
    run.begins({"train_policy": 1})
    run.learns(info(1, "train_policy", log=["logs/train.log"], output=["history"]))
    run.starts([1])
    clock.now = 7
    assert run.fails(1) == ["FAILED train_policy after 7 s; log: logs/train.log"]
    run.fails(1)
    assert run.ended() == [
        "0 of 1 jobs done in 7 s, 1 failed. The same command runs what is left once the reason above is gone."
    ]


def test_an_interruption_without_a_failure_needs_no_reason_to_go(clock):
    run = Run(clock)
    run.begins({"train_policy": 2})
    run.learns(info(1, "train_policy"))
    run.starts([1])
    run.finishes(1)
    assert run.ended() == ["1 of 2 jobs done in 0 s, 0 failed. The same command runs what is left."]
    assert run.ended() == []


def test_a_second_attempt_counts(clock):
    run = Run(clock)
    run.begins({"train_policy": 1})
    run.learns(info(1, "train_policy", output=["history"]))
    run.starts([1])
    run.fails(1)
    run.starts([1])
    clock.now = 7
    run.finishes(1)
    assert run.ended() == ["1 of 1 jobs done in 7 s. Results: history"]


def test_a_target_that_writes_nothing_names_the_tables_that_it_asked_for(clock, tmp_path):
    table = tmp_path / "main.csv"
    table.write_text(HEAD + "tiny,base,0,average (sample-weighted),54.2,51.6,56.7\n")
    run = Run(clock)
    run.begins({"accuracy_table": 1, "write_page": 1, "all": 1})
    run.learns(info(1, "accuracy_table", output=[str(table)]))
    run.learns(info(2, "write_page", input=[str(table)], output=["main.html"]))
    run.learns(info(3, "all", input=[str(table), "main.html"]))
    for number in (1, 2, 3):
        run.starts([number])
        run.finishes(number)
    assert run.ended()[0] == f"3 of 3 jobs done in 0 s. Results: {table}"
    assert run.ended() == []


def test_nothing_to_be_done_says_nothing_at_the_end(clock):
    assert Run(clock).ended() == []


def test_a_long_table_is_cut_and_another_table_is_left_out(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text(HEAD + "tiny,base,0,average (sample-weighted),1,0,2\n" * (ROWS + 3))
    assert len(averages(table)) == ROWS + 3
    assert averages(table)[-1] == "and 3 more"
    table.write_text("policy,benchmark\ntiny,average (sample-weighted)\n")
    assert averages(table) == []
