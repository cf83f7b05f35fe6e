"""Parse rows of HumanEval+ and MBPP+: a task in words, and the data from which its tests are built."""

import ast
import math
from typing import Any

from .rows import MissingAnswerError, Row, WrongValueError

#: The hub's test programs check a zero of a polynomial without `assertion`; the release has this tolerance.
TOLERANCES = {"find_zero": 1e-4}


def completion_task(row: dict[str, Any]) -> Row:
    """HumanEval+: complete a function from its signature and docstring."""
    task = _checked(row if "base_input" in row else _from_hub(row))
    _check_program(f"{row['prompt']}{task['canonical_solution']}")
    return Row(f"Complete this Python function.\n\n```python\n{row['prompt'].strip()}\n```", None, task=task)


def writing_task(row: dict[str, Any]) -> Row:
    """MBPP+: write a function from a sentence and one assertion, which gives its name."""
    if "base_input" in row:
        task, text = row, row["prompt"].strip().strip('"').strip()
    else:
        if not isinstance(row["test_list"], list) or not all(isinstance(one, str) for one in row["test_list"]):
            raise WrongValueError("its test_list is not a list of assert lines")
        task, text = _from_hub(row), f"{row['prompt'].strip()}\n{row['test_list'][0].strip()}"
    _check_program(_checked(task)["canonical_solution"])
    return Row(text, None, task=task)


def _checked(task: dict[str, Any]) -> dict[str, Any]:
    if not task["canonical_solution"] or not task["entry_point"] or not task["base_input"]:
        raise MissingAnswerError
    for key in ("base_input", "plus_input"):
        if not isinstance(task[key], list | dict):
            raise WrongValueError(f"its {key} is not a list of inputs")
    atol = task.get("atol", 0)
    if not isinstance(atol, int | float) or isinstance(atol, bool) or not 0 <= atol < math.inf:
        raise WrongValueError(f"its atol is {atol!r}, which is not a number of at least 0")
    if not task["prompt"].strip():
        raise WrongValueError("its prompt is empty")
    return task


def _check_program(text: str) -> None:
    """Raise WrongValueError if a canonical solution is no program: responses are compared with its results."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise WrongValueError("its canonical_solution is not a Python program") from error


def _from_hub(row: dict[str, Any]) -> dict[str, Any]:
    """Convert a hub row: it has a test program with `inputs` and `assertion(f(*inp), exp, atol)` instead of the inputs.

    The program does not separate base and plus inputs. Base inputs come first, as many as MBPP+ has assertions in
    `test_list`; without such a list, all inputs are base inputs.
    """
    program = ast.parse(row["test"])
    assignments = [node for node in ast.walk(program) if isinstance(node, ast.Assign) and _names(node) == ["inputs"]]
    if not assignments:  # HumanEval or MBPP itself, without the tests of EvalPlus
        raise KeyError("base_input")
    inputs = [_as_released(_literal(call)) for call in _elements(assignments[-1].value)]
    base = len(row.get("test_list") or inputs)
    number, entry_point = row["task_id"], row.get("entry_point") or _tested_name(program)
    return {
        "task_id": f"Mbpp/{number}" if isinstance(number, int) else number,
        "prompt": row["prompt"],
        "entry_point": entry_point,
        "canonical_solution": row.get("canonical_solution") or row.get("code"),
        "base_input": inputs[:base],
        "plus_input": inputs[base:],
        "atol": TOLERANCES.get(entry_point) or _tolerance(program),
    }


def _names(node: ast.Assign) -> list[str]:
    return [target.id for target in node.targets if isinstance(target, ast.Name)]


def _elements(node: ast.expr) -> list[ast.expr]:
    if not isinstance(node, ast.List | ast.Tuple):
        raise TypeError("inputs is not a list")
    return node.elts


def _literal(node: ast.expr) -> Any:
    """Evaluate a literal in which `inf` and `nan` may occur as names."""
    for inner in ast.walk(node):
        for field, value in ast.iter_fields(inner):
            if isinstance(value, list):
                value[:] = [_number(item) for item in value]
            else:
                setattr(inner, field, _number(value))
    return ast.literal_eval(_number(node))


def _number(node: Any) -> Any:
    if isinstance(node, ast.Name) and node.id in ("inf", "nan"):
        return ast.copy_location(ast.Constant(getattr(math, node.id)), node)
    return node


def _as_released(value: Any) -> Any:
    """Convert a value to the form of the releases' JSON: lists for tuples and sets, text for complex numbers."""
    if isinstance(value, list | tuple | set | frozenset):
        return [_as_released(item) for item in value]
    if isinstance(value, dict):
        return {key: _as_released(item) for key, item in value.items()}
    return str(value) if isinstance(value, complex) else value


def _calls(program: ast.Module) -> list[ast.Call]:
    return [node for node in ast.walk(program) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]


def _tested_name(program: ast.Module) -> str:
    """Return the name f of the last call `f(*inp)`."""
    return [call.func.id for call in _calls(program) if any(isinstance(a, ast.Starred) for a in call.args)][-1]


def _tolerance(program: ast.Module) -> float:
    """The last argument of the last `assertion(...)`; 0 if there is none or it is no constant."""
    last = [call.args[-1] for call in _calls(program) if call.func.id == "assertion" and call.args]
    return last[-1].value if last and isinstance(last[-1], ast.Constant) else 0
