"""HumanEval+ and MBPP+ tasks as tests: their inputs, tolerances and oracles, with expected values computed here.

The releases contain inputs and a canonical solution, but no expected values. MBPP+ stores inputs as JSON, which only
has lists. `_RESTORE` turns them back into tuples, sets or complex numbers, task by task (as evalplus does).
"""

from collections.abc import Callable, Mapping, Sequence
from math import comb

from reward_memory.errors import InputError

from .sandbox import Sandbox
from .sandbox.inside.values import encode

#: MBPP+ tasks whose answer is a collection in any order; judged as sets.
UNORDERED = (
    "similar_elements", "find_char_long", "common_in_nested_lists", "extract_singly", "larg_nnum",
    "intersection_array", "find_dissimilar", "Diff",
)  # fmt: skip
#: MBPP+ tasks that ask whether there is a match; any value but None means yes.
SOME_OR_NONE = ("check_str", "text_match_three", "text_starta_endb")
REFERENCE_SECONDS = 60.0  # for a canonical solution with all its calls


#: Timeouts (s) of tasks whose canonical solution itself needs about a second or more: four times that, as in evalplus.
SLOW = {"sum_average": 80, "combinations_colors": 35, "tri": 22}
SLOW |= dict.fromkeys(("string_sequence", "special_factorial", "get_max_sum"), 15)
SLOW |= dict.fromkeys(("even_Power_Sum", "amicable_numbers_sum", "get_ludic", "get_max_triples"), 10)
SLOW |= dict.fromkeys(("sum_Of_product", "get_coordinates", "largest_prime_factor", "find_lucas"), 8)
SLOW |= dict.fromkeys(("fizz_buzz", "starts_one_ends", "skjkasdkd", "sequence", "perfect_squares"), 6)
SLOW |= dict.fromkeys(("count_binary_seq", "catalan_number", "make_a_pile"), 6)


def oracle(entry_point: str, task_id: str) -> str | None:
    """The name of the task's oracle in oracles.ORACLES, None for plain comparison."""
    if task_id.startswith("HumanEval/"):
        return "polynomial_zero" if entry_point == "find_zero" else None
    if entry_point in UNORDERED:
        return "set"
    if entry_point in SOME_OR_NONE:
        return "not_none"
    return {"are_equivalent": "any", "sum_div": "zero_too"}.get(entry_point)


class SolutionError(InputError):
    """The canonical solution of a task does not run."""


def calls(task: Mapping) -> tuple[list, int]:
    """Return (encoded argument lists of base and plus inputs in that order, number of base inputs) of a task."""
    plus = task.get("plus_input", [])
    if task.get("task_id") == "Mbpp/255":  # one of its results has 128 million items and takes 4 GB
        plus = [call for call in plus if call[1] < 1 or comb(len(call[0]) + call[1] - 1, call[1]) < 10**6]
    inputs = [list(arguments) for arguments in (*task["base_input"], *plus)]
    if task.get("task_id", "").startswith("Mbpp/"):
        restore = _RESTORE.get(int(task["task_id"].split("/")[1]))
        if restore is not None:
            inputs = [list(restore(arguments)) for arguments in inputs]
    return [[encode(argument) for argument in arguments] for arguments in inputs], len(task["base_input"])


def solution(task: Mapping) -> str:
    """The canonical program: HumanEval's solutions are bodies that follow the prompt."""
    code = task["canonical_solution"]
    return code if f"def {task['entry_point']}" in code else task.get("prompt", "") + code


def build_tests(tasks: Sequence[Mapping], isolation: str = "bubblewrap", workers: int = 1) -> list[dict]:
    """The `tests` of each task (see GroundTruth), with expected values from its canonical solution, run in the sandbox.

    A task is a row of the HumanEval+ or MBPP+ release. InputError names a task whose solution does not run.
    """
    prepared = [calls(task) for task in tasks]
    jobs = []
    for task, (arguments, _) in zip(tasks, prepared, strict=True):
        steps = [{"name": task["entry_point"], "args": call} for call in arguments]
        jobs.append({"code": solution(task), "earlier": [], "setup": "", "calls": steps})
    sandbox = Sandbox(isolation, workers, REFERENCE_SECONDS, memory=4 << 30)
    try:
        runs = sandbox.run(jobs)
    finally:
        sandbox.close()
    tests = []
    for task, (arguments, base), run in zip(tasks, prepared, runs, strict=True):
        name, rule = task["entry_point"], oracle(task["entry_point"], task.get("task_id", ""))
        failed = next((call.error for call in run.calls if call.error is not None), None)
        if run.error or failed or len(run.calls) != len(arguments):
            why = (run.error or failed or run.end).rstrip(": ")
            raise SolutionError(
                f"{task.get('task_id', name)}: the canonical solution fails ({why}); correct that row, or fetch the "
                "release again."
            )
        expected = [call.value for call in run.calls]
        if rule == "not_none":
            expected = [value if isinstance(value, bool) else value is not None for value in expected]
        row = {"entry_point": name, "calls": arguments, "expected": expected, "atol": task.get("atol", 0), "base": base}
        row["python_equality"] = True
        if f"def {name}" in task.get("prompt", ""):
            row["prompt"] = task["prompt"]  # the function's head, and code above it that the canonical solution uses
        if name in SLOW:
            row["timeout"] = SLOW[name]
        tests.append(row | ({"oracle": rule} if rule else {}))
    return tests


def _tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _each(change: Callable) -> Callable:
    return lambda values: [change(value) for value in values]


def _deep(value: object) -> object:
    return tuple(_deep(item) for item in value) if isinstance(value, list) else value


def _first(change: Callable) -> Callable:
    return lambda arguments: [change(arguments[0]), *arguments[1:]]


_TUPLES = _each(_tuple)
_RESTORE: dict[int, Callable[[list], Sequence]] = {
    115: _first(_each(lambda item: set(item) if isinstance(item, list) and item else {})),
    124: lambda arguments: [float(arguments[0]), complex(arguments[1])],
    252: lambda arguments: [complex(arguments[0])],
    278: lambda arguments: [tuple(_tuple(item) for item in arguments[0]), *arguments[1:]],
    722: _first(lambda table: {key: tuple(value) for key, value in table.items()}),
}
for _change, _tasks in (
    (
        _TUPLES,
        [2, 116, 132, 143, 222, 261, 273, 394, 399, 421, 424, 429, 470, 560, 579, 596, 616, 630, 726, 740, 744, 809],
    ),
    (_each(_TUPLES), [63, 64, 70, 94, 120, 237, 272, 299, 400, 409, 417, 438, 473, 614, 780]),
    (_first(_TUPLES), [75, 413, 444, 753]),
    (lambda arguments: [arguments[0], _tuple(arguments[1]), *arguments[2:]], [106, 750]),
    (_first(_tuple), [250, 307, 405, 446, 617, 720, 763, 808]),
    (_each(lambda rows: tuple(_tuple(row) for row in rows)), [259, 401, 445]),
    (_each(_deep), [580, 615, 791]),
):
    _RESTORE |= dict.fromkeys(_tasks, _change)
