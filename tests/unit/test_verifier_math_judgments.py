"""Math answers, line by line: what is decided at once and how, and what exactly is asked of computer algebra."""

import json

import pytest

from reward_memory.answers.extraction import Answer
from reward_memory.verifiers.math import Judgment, Question, SymbolicPool, compare
from reward_memory.verifiers.pool import Reply


def judged(answer: str, how: str, truth: str, tolerance: float = 0.0) -> Judgment | Question:
    return compare(Answer(answer, how, answer), truth, tolerance)


@pytest.mark.parametrize(
    ("answer", "how", "truth", "expected"),
    [
        # whole numbers
        ("12", "bare", "12", (True, "12", "exact")),
        ("$18", "bare", "18", (True, "$18", "exact")),
        ("1,200", "bare", "1200", (True, "1,200", "numeric")),
        ("12", "bare", "-12", (False, "12", "numeric")),
        # nothing is said, or nothing is known
        ("", "bare", "5", (False, None, "no answer")),
        ("  ", "text", "5", (False, None, "no answer")),
        ("5", "bare", "", (False, None, "no ground truth")),
        ("5", "bare", "  ", (False, None, "no ground truth")),
        ("", "bare", "", (False, None, "no ground truth")),
        ("I cannot solve this without the 2 figures.", "text", "2", (False, None, "no answer")),
        ("I cannot solve this without the 2 figures.", "hash", "2", (True, "2", "numeric")),
        # signs around and within
        ("$1.2$ million", "hash", "1200000", (True, "1.2 million", "numeric")),
        ("It costs \\$45.", "text", "45", (True, "45", "numeric")),
        ("\\$45", "bare", "45", (True, "45", "exact")),
        ("\\$45", "boxed", "45", (True, "\\$45", "numeric")),
        ("7 + 5 = **12**", "text", "12", (True, "7 + 5 = 12", "numeric")),
        ("**12**", "bare", "12", (True, "12", "exact")),
        ("**12**", "boxed", "12", (True, "**12**", "exact")),
        ("3{:}4", "boxed", "3{:}4", (True, "3:4", "exact")),
        ("3{:}4", "bare", "3:4", (True, "3:4", "numeric")),
        ("3:4", "bare", "3{:}4", (True, "3:4", "numeric")),
        # times of day
        ("3:45 p.m.", "bare", "15:45", (True, "3:45 p.m.", "exact")),
        ("3:40 p.m.", "bare", "3:45 p.m.", (False, "3:40 p.m.", "exact")),
        ("12:59 a.m.", "bare", "1:00 a.m.", (False, "12:59 a.m.", "exact")),
        ("She arrives at 3:45 PM.", "text", "3:45 p.m.", (True, "3:45 PM.", "exact")),
        ("She arrives at 3:45 PM.", "text", "3:45", (True, "3:45 PM.", "exact")),
        ("She arrives at 3:45 PM.", "text", "3:45 a.m.", (False, "3:45 PM.", "exact")),
        ("She arrives at 3:40.", "hash", "3:45", (False, "3:40", "exact")),
        ("She arrives at 3:45.", "text", "45", (False, "3:45", "numeric")),
        ("She arrives at 3:45.", "hash", "3", (False, "3:45", "numeric")),
        ("She arrives at 3:45 with 7 bags", "text", "7", (True, "7", "numeric")),
        # ratios
        ("The ratio is 6 to 4.", "hash", "3:2", (True, "6 to 4.", "numeric")),
        ("The ratio is 6 to 9.", "hash", "4:6", (True, "6 to 9.", "numeric")),
        ("The ratio is 6 to 9.", "hash", "6:4", (False, "6 to 9.", "numeric")),
        ("9:1", "bare", "9", (False, "9:1", "numeric")),
        ("9 to 1", "bare", "9", (False, "9 to 1", "numeric")),
        # percentages
        ("50", "bare", "0.5", (False, "50", "numeric")),
        ("50\\%", "bare", "0.5", (True, "50\\%", "numeric")),
        # words
        ("twelve", "bare", "12", (True, "twelve", "numeric")),
        ("twelve", "bare", "13", (False, "twelve", "numeric")),
        ("\\text{4 sides}", "boxed", "4", (True, "\\text{4 sides}", "numeric")),
        ("\\text{4 sides}", "hash", "5", (False, "\\text{4 sides}", "numeric")),
        ("So it is twenty-one dollars.", "text", "21", (True, "So it is twenty-one dollars.", "numeric")),
        ("Two came.\nThe total is six.", "text", "6", (True, "Two came.\nThe total is six.", "numeric")),
        ("She has 30, so the total is twelve", "text", "30", (True, "30", "numeric")),
        # more, less, or several numbers
        ("more than 18", "hash", "18", (False, "more than 18", "numeric")),
        ("more than 18", "text", "18", (True, "18", "numeric")),
        ("5 feet 6 inches", "hash", "5", (False, "5 feet 6 inches", "numeric")),
        ("Tom: 12, Ann: 15", "hash", "15", (False, "Tom: 12, Ann: 15", "numeric")),
        ("Tom: 12, Ann: 15", "text", "15", (True, "15", "numeric")),
        # remarks and denials behind a number
        ("He has 12 (which is 4 more than 8)", "text", "12", (True, "12", "numeric")),
        ("it is 41, not 42.", "text", "41", (True, "41", "numeric")),
        ("it is 41, not 42.", "text", "42", (False, "41", "numeric")),
        # residues
        ("3 (mod 7)", "hash", "3", (True, "3 (mod 7)", "numeric")),
        ("x \\equiv 3 \\pmod{7}", "bare", "3", (True, "x \\equiv 3 \\pmod{7}", "numeric")),
        ("4 (mod 7)", "bare", "3", (False, "4 (mod 7)", "numeric")),
        # decimal commas
        ("2,5", "bare", "5/2", (True, "2,5", "numeric")),
        ("2,5", "bare", "2.0", (False, "2,5", "numeric")),
        ("2.74", "bare", "2,74", (True, "2.74", "numeric")),
        # units and names
        ("x = 12 apples", "hash", "12", (True, "x = 12 apples", "numeric")),
        ("12 cm", "hash", "12", (True, "12 cm", "numeric")),
        ("12 cm", "boxed", "12", (True, "12 cm", "exact")),
        ("12 apples", "bare", "12", (True, "12 apples", "numeric")),
        # formulas that are spelled alike
        ("\\frac12 x", "boxed", "\\frac{1}{2}x", (True, "\\frac12 x", "exact")),
        ("5 meters, 6 seconds", "boxed", "5,6", (True, "5 meters, 6 seconds", "exact")),
        # bases and points
        ("120_5", "bare", "120_6", (False, "120_5", "numeric")),
        ("\\angle ABC", "bare", "\\angle ACB", (False, "\\angle ABC", "not a formula")),
        # words whose case does not matter, verdicts and options
        ("Cat dog", "bare", "cat dog", (True, "Cat dog", "exact")),
        ("two red  cars", "bare", "two red cars", (True, "two red  cars", "exact")),
        ("No, it is not.", "text", "no", (True, "No, it is not.", "exact")),
        ("B) dog", "bare", "B", (True, "B) dog", "exact")),
        ("B. dog", "bare", "(B)", (True, "B. dog", "exact")),
        ("$$", "bare", "**", (False, "$$", "not a formula")),
    ],
)
def test_what_is_decided_without_computer_algebra(answer, how, truth, expected):
    assert judged(answer, how, truth) == Judgment(*expected)


def test_a_judgment_at_once_takes_no_seconds():
    assert judged("12", "bare", "12").seconds == 0


@pytest.mark.parametrize(
    ("answer", "tolerance", "expected"), [("13", 1.0, True), ("11", 1.0, True), ("10", 1.0, False), ("13", 0.5, False)]
)
def test_a_tolerance_counts_for_whole_numbers(answer, tolerance, expected):
    assert judged(answer, "bare", "12", tolerance).correct is expected


FORMULA, TEXT = False, True


@pytest.mark.parametrize(
    ("answer", "how", "truth", "asked", "readings"),
    [
        ("x^2", "bare", "x^3", ("x^3", FORMULA), [("x^2", FORMULA)]),
        ("x+1", "text", "y", ("y", FORMULA), [("x+1", FORMULA)]),
        ("x", "bare", "the sum of all numbers", ("the sum of all numbers", TEXT), [("x", FORMULA)]),
        # a solution as a truth: with one box, or with several if it is long
        ("x", "bare", "\\boxed{1} is wrong so \\boxed{2}", ("1 is wrong so 2", FORMULA), [("x", FORMULA)]),
        # running text, with what stands before it
        ("it is $x$ apples", "hash", "y", ("y", FORMULA), [("it is $x$ apples", TEXT)]),
        ("5 meters, 6 seconds", "boxed", "5,7", ("5,7", FORMULA), [("5, 6", FORMULA), ("5 meters, 6 seconds", TEXT)]),
        ("the area is 9\u03c0", "text", "9", ("9", FORMULA), [("the area is $9\\pi$", TEXT)]),
        ("so $x^2$ is 12", "text", "12", ("12", FORMULA), [("so $x^2$ is 12", TEXT)]),
        # numbers that are not all of the answer, or no numbers
        ("137/50", "bare", "2,74", ("2,74", FORMULA), [("137/50", FORMULA)]),
        ("12", "bare", "12!", ("12!", FORMULA), [("12", FORMULA)]),
        ("2,5", "bare", "2", ("2", FORMULA), [("2,5", FORMULA)]),
        ("3 (mod 7)", "bare", "3 mod 5", ("3 mod 5", FORMULA), [("3+M_{7}", FORMULA)]),
        ("One is one reason", "text", "1", ("1", FORMULA), [("One is one reason", TEXT)]),
        ("(2) 7", "bare", "2", ("2", FORMULA), [("(2) 7", FORMULA)]),
        ("x = 18 km", "hash", "Total = 18 km", ("Total = 18", FORMULA), [("x = 18", FORMULA)]),
        ("\\frac{1}{12}", "bare", "0.0833333", ("0.0833333", FORMULA), [("\\frac{1}{12}", FORMULA)]),
        # times and ratios of which there are two readings
        ("3:45", "bare", "03:45", ("03:45", FORMULA), [("3:45", FORMULA)]),
        ("1:2", "bare", "0.5", ("0.5", FORMULA), [("1:2", FORMULA)]),
        ("The ratio is 6 to 40.", "text", "3:20", ("3:20", FORMULA), [("The ratio is 6 to 40.", TEXT)]),
        ("The ratio is 3 to 2.", "text", "x", ("x", FORMULA), [("The ratio is 3 to 2.", TEXT)]),
        ("She arrives at 3:45.", "text", "x", ("x", FORMULA), [("She arrives at 3:45.", TEXT)]),
        # one base, one name of points
        ("121_{5}", "bare", "120_5", ("120_5", FORMULA), [("121_{5}", FORMULA)]),
        ("120_5", "bare", "120", ("120", FORMULA), [("120_5", FORMULA)]),
        ("ABC", "bare", "x^2", ("x^2", FORMULA), [("ABC", FORMULA)]),
        ("x^2", "bare", "ABC", ("ABC", FORMULA), [("x^2", FORMULA)]),
        # a verdict with its opposite, and one that was not asked for
        ("Yes, no.", "bare", "yes", ("yes", FORMULA), [("Yes, no", FORMULA)]),
        ("No, it is not.", "bare", "yes", ("yes", FORMULA), [("No, it is not", FORMULA)]),
        ("X", "bare", "x", ("x", FORMULA), [("X", FORMULA)]),
    ],
)
def test_what_is_asked_of_computer_algebra(answer, how, truth, asked, readings):
    assert judged(answer, how, truth) == Question(asked, tuple(readings), percent=False, tolerance=0.0)


@pytest.mark.parametrize(
    ("how", "read"), [("statement", "and so it is $x$ cm"), ("text", "and so it is $x$ cm"), ("hash", "it is $x$ cm")]
)
def test_a_sentence_is_read_with_what_stands_before_it(how, read):
    answer = Answer("it is $x$ cm", how, "and so it is $x$ cm")
    assert compare(answer, "y") == Question(("y", FORMULA), ((read, TEXT),))


@pytest.mark.parametrize(
    ("sentence", "read"),
    [
        ("so \\$4 is $x$", "so 4 is $x$"),
        ("so **4 is $x$**", "so 4 is $x$"),
        ("so $1.2$ million is $x$", "so 1.2 million is $x$"),
    ],
)
def test_signs_leave_what_stands_before_a_sentence_too(sentence, read):
    assert judged(sentence, "text", "y") == Question(("y", FORMULA), ((read, TEXT),))


@pytest.mark.parametrize(
    ("answer", "truth", "percent"),
    [("x\\%", "y", True), ("x", "y\\%", True), ("x\\%", "y\\%", False), ("x", "y", False)],
)
def test_a_question_says_that_one_side_alone_is_a_percentage(answer, truth, percent):
    assert judged(answer, "bare", truth) == Question(("y", FORMULA), (("x", FORMULA),), percent=percent)


def test_a_question_is_told_in_json():
    question = Question(("x", False), (("y", True), ("z", False)), percent=True, tolerance=0.5)
    assert json.loads(question.payload()) == {
        "truth": "x",
        "truth_is_text": False,
        "readings": [["y", True], ["z", False]],
        "percent": True,
        "tolerance": 0.5,
    }


@pytest.mark.parametrize(("length", "solution"), [(300, False), (301, True)])
def test_a_truth_with_several_boxes_is_a_solution_if_it_is_longer_than_300_characters(length, solution):
    start, end = "first we try \\boxed{4} but ", " \\boxed{5}"
    truth = start + "o" * (length - len(start) - len(end)) + end
    found = judged("5", "bare", truth)
    assert found == Judgment(True, "5", "exact") if solution else isinstance(found, Question)


def test_a_long_truth_without_a_box_is_no_solution():
    truth = "word " * 70 + "the answer is 5"
    assert judged("5", "bare", truth) == Question((truth, TEXT), (("5", FORMULA),))


@pytest.mark.parametrize(("length", "number"), [(300, True), (301, False)])
def test_a_marked_sentence_of_300_characters_says_a_number(length, number):
    line = "El total es 90 " + "e" * (length - 15)
    assert isinstance(judged(line, "hash", "90"), Judgment) is number


@pytest.mark.parametrize(
    "line", ["El total es 90 million", "Son 90 menos euros", "El total de 3 es 90", "El total es 90 y 3"]
)
def test_a_marked_sentence_that_says_more_than_a_number_is_left_to_computer_algebra(line):
    assert isinstance(judged(line, "hash", "90"), Question)


@pytest.mark.parametrize(("length", "kind"), [(300, FORMULA), (301, TEXT)])
def test_a_text_of_300_characters_may_be_a_formula(length, kind):
    text = "x" * length
    assert judged(text, "text", "y") == Question(("y", FORMULA), ((text, kind),))


@pytest.mark.parametrize(
    ("answer", "truth", "path"),
    [
        ("x" * 2_001, "y^2", "not a formula"),
        ("x" * 4_000, "y^2", "not a formula"),
        ("x" * 4_001, "y^2", "too long or too deep"),
        ("x", "y" * 4_001, "too long or too deep"),
        ("{x}", "{" * 61 + "y" + "}" * 61, "too long or too deep"),
        ("[" * 61 + "x" + "]" * 61, "y", "too long or too deep"),
        ("{x" * 61 + "}" * 61, "y", "too long or too deep"),
        ("{x}" * 5 + "(" * 61 + "x" + ")" * 61, "y", "too long or too deep"),
    ],
)
def test_what_is_too_long_or_too_deep_for_computer_algebra(answer, truth, path):
    assert judged(answer, "boxed", truth) == Judgment(False, answer[:2_000], path)


def test_many_shallow_groups_are_not_deep():
    assert isinstance(judged("{x}" * 61, "boxed", "y"), Question)


class Replies:
    """A pool that has its replies already."""

    def __init__(self, *replies):
        self.replies, self.jobs, self.closed = list(replies), [], False

    def run(self, jobs):
        self.jobs = [(header, payload()) for header, payload in jobs]
        return self.replies

    def close(self):
        self.closed = True


def test_what_a_worker_replied_is_a_judgment_and_what_it_did_not_is_wrong():
    questions = [Question(("1", False), ((f"{name}" * 600, False), ("z", True))) for name in "abcd"]
    symbolic = SymbolicPool(1, 2.5)
    symbolic.pool = pool = Replies(
        Reply("ended", 0.5, b'{"equal": true, "extracted": "x**2"}'),
        Reply("ended", 0.25, b'{"equal": false, "extracted": ""}'),
        Reply("timeout", 2.5, b""),
        Reply("lost", 1.0, b""),
    )
    assert symbolic.ask(questions) == [
        Judgment(True, "x**2", "symbolic", 0.5),
        Judgment(False, "b" * 500, "symbolic", 0.25),
        Judgment(False, "c" * 500, "timeout", 2.5),
        Judgment(False, "d" * 500, "symbolic failed", 1.0),
    ]
    assert pool.jobs == [({"timeout": 2.5}, question.payload()) for question in questions]
    assert not pool.closed
    symbolic.close()
    assert pool.closed


def test_a_worker_finds_modules_where_its_caller_does(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/some/modules")
    assert SymbolicPool(1, 1.0).pool.environment["PYTHONPATH"] == "/some/modules"
    monkeypatch.delenv("PYTHONPATH")
    assert "PYTHONPATH" not in SymbolicPool(1, 1.0).pool.environment
