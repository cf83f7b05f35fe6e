"""Where the final answer of a response is: marks, statements, limits."""

import pytest

from reward_memory.answers.extraction import Answer, box_content, final_part, find_answer


@pytest.mark.parametrize(
    ("response", "text", "how"),
    [
        # the last mark that holds something
        ("#### 5", "5", "hash"),
        ("\\boxed{1} #### 2", "2", "hash"),
        ("#### 2\n\\boxed{1}", "1", "boxed"),
        ("\\boxed{1} <answer>3</answer>", "3", "tag"),
        ("<answer>3</answer> \\fbox{4}", "4", "boxed"),
        ("<answer>3</answer>\n#### 4", "4", "hash"),
        ("#### 7\n####\n", "7", "hash"),
        ("\\boxed{7} so \\boxed{}", "7", "boxed"),
        ("<answer>7</answer><answer> </answer>", "7", "tag"),
        ("\\boxed{7}\n#### Step 2: check\nit holds", "7", "boxed"),
        ("####### 7", "7", "hash"),
        ("<ANSWER>5</ANSWER>", "5", "tag"),
        ("<Final_Answer>5</Final_Answer>", "5", "tag"),
        # numbered headings; one with nothing below it or without those before it is an answer
        ("\\boxed{7}\n#### 1. Area of the yard\nIt is 12.", "7", "boxed"),
        ("\\boxed{7}\n#### 1. Area of the yard", "1", "hash"),
        ("\\boxed{7}\n#### 1. Area of the yard\nIt is 6.\n#### 2. Twice that\nIt is 12.", "7", "boxed"),
        ("\\boxed{7}\n#### 2. Twice that\nIt is 12.", "2", "hash"),
        ("\\boxed{7}\n#### 1. Area of the yard\nIt is 6.\n#### 3. Twice that\nIt is 12.", "3", "hash"),
        # a box made of tokens, which may not be closed
        ("<|begin_of_box|>42", "42", "boxed"),
        ("<|begin_of_box|>42<|end_of_box|> is it.", "42", "boxed"),
        # what is struck through does not count
        ("\\boxed{5} ~~\\boxed{6}~~", "5", "boxed"),
        # a box that is denied, up to 40 characters before it
        ("\\boxed{5}, not \\boxed{4}", "5", "boxed"),
        ("Not \\boxed{4}", "Not \\boxed{4}", "text"),
        (f"not{' ' * 37}\\boxed{{4}}", f"not{' ' * 37}\\boxed{{4}}", "text"),
        (f"not{' ' * 38}\\boxed{{4}}", "4", "boxed"),
        # JSON, also where its backslashes or tabs are not escaped
        ('{"answer": "12"}', "12", "statement"),
        ('{"answer": 12}', "12", "statement"),
        ('{"answer": "\\u0041"}', "A", "statement"),
        ('{"answer": "\\\\frac{1}{2}"}', "\\frac{1}{2}", "statement"),
        ('{"answer": "\\frac{1}{2}"}', "\\frac{1}{2}", "statement"),
        ('{"answer": " a\tb "}', "a\tb", "statement"),
        ('{"answer": "a\tb"}', "a\tb", "statement"),
        ('{"answer": "\\pi"}', "\\pi", "statement"),
        ('{"answer": " "}', '{"answer": " "}', "text"),
        ('The answer is 5. {"answer": 27}', "27", "statement"),
        ('{"answer": 27}. The answer is 28.', "28", "statement"),
        ('The answer is 5. {"answer": 27}. The answer is 28.', "28", "statement"),
        # a tag's own statement, and a tag that is not closed
        ("<answer>The answer is 8.</answer>", "8", "tag"),
        ("<answer>8", "8", "tag"),
        # what comes after a mark takes its place only if it is plainly a value
        ("#### 5\nThe answer is 6.", "6", "statement"),
        ("#### 5\nThe answer is $6$.", "$6$", "statement"),
        ("\\boxed{5}. The answer is 6.", "6", "statement"),
        ("#### 5\nThe answer is justified.", "5", "hash"),
        ("The answer is 6.\n#### 5", "5", "hash"),
        ("<answer>so \\boxed{5}. The answer is 6", "6", "statement"),
        # a box within a tag that is not closed: what stands before it in the tag counts, too
        ("<answer>The answer is 4. So \\boxed{5}", "4", "statement"),
        ("<answer>The answer is 9.</answer> No: \\boxed{5}", "5", "boxed"),
        ("The answer is 4. <answer>So \\boxed{5}</answer>", "5", "boxed"),
        # without a mark
        ("The answer is 4. No, the answer is 5.", "5", "statement"),
        ("THE ANSWER IS 4", "4", "statement"),
        ("Q: 2 + 2?\nA: 4", "4", "statement"),
        ("The answer is 4.5 apples.", "4.5 apples", "statement"),
        ("The answer is 12 because 3 * 4 = 12.", "12", "statement"),
        ("The answer is \\[\nx + 1\n\\] as seen.", "x + 1", "statement"),
        ("The answer is $$ y $$.", "y", "statement"),
        ("The answer is \\[ x", "\\[ x", "statement"),
        ("The answer is", "The answer is", "text"),
        ("  nothing but words ", "nothing but words", "text"),
    ],
)
def test_an_answer_is_found_where_the_response_says_so(response, text, how):
    found = find_answer(response)
    assert (found.text, found.how) == (text, how)


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("18. She sells 9 eggs", "18"),
        ("18 (see above)", "18"),
        ("-3.5", "-3.5"),
        ("Result: x + 1", "x + 1"),
        ("Result:\n\n5\n6", "5"),
        ("Result: \\[\nx + 1\n\\]\nas seen", "x + 1"),
        ("Result:\n\\[\nx + 1\n\\]\nas seen", "x + 1"),
        ("C#", "C#"),
        ("C ##", "C"),
        ("**Final result:** y", "y"),
        ("Result x", "Result x"),
        ("\\[\nx + 1\n\\]\nas seen", "x + 1"),
        ("\\[ x \\]", "\\[ x \\]"),
        ("\\(\nx", "x"),
        ("x = 2\ny = 3", "x = 2"),
    ],
)
def test_the_line_after_four_hashes_is_the_answer(line, answer):
    assert find_answer(f"work\n#### {line}") == Answer(answer, "hash")


@pytest.mark.parametrize("heading", ["Step 3", "**Conclusion**", "2. Verification", "We now find:"])
def test_a_heading_of_four_hashes_is_passed_over(heading):
    assert find_answer(f"#### 7\n#### {heading}\nAll is well") == Answer("7", "hash")


@pytest.mark.parametrize(("words", "expected"), [(298, Answer("7", "boxed")), (299, Answer("Alice's share", "hash"))])
def test_a_title_is_a_heading_if_a_digit_follows_within_300_characters(words, expected):
    assert find_answer(f"\\boxed{{7}}\n#### Alice's share\n{'x' * words}5") == expected


def test_a_line_that_ends_with_a_colon_and_has_nothing_below_is_an_answer():
    assert find_answer("#### 3:").text == "3:"


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        ("\\boxed{1}, \\boxed{2}", "\\boxed{1}, \\boxed{2}"),
        ("$x = \\boxed{1}$ and $y = \\boxed{2}$", "\\boxed{1}, \\boxed{2}"),
        ("\\boxed{1}, \\fbox{2} or \\boxed{3}", "\\boxed{1}, \\boxed{2}, \\boxed{3}"),
        ("some work " * 60 + "\\boxed{1}, \\boxed{2}", "\\boxed{1}, \\boxed{2}"),
        ("\\boxed{1}, no: \\boxed{2}", "2"),
        ("\\boxed{} , \\boxed{2}", "2"),
        ("\\boxed{1}," + " " * 39 + "\\boxed{2}", "\\boxed{1}, \\boxed{2}"),
    ],
)
def test_boxes_with_a_comma_or_an_and_between_are_one_answer(response, answer):
    assert find_answer(response) == Answer(answer, "boxed")


@pytest.mark.parametrize(("length", "joined"), [(492, True), (493, False)])
def test_boxes_are_one_answer_if_they_begin_within_500_characters(length, joined):
    # "\boxed{", the content, "},": 500 characters up to the next box
    first = "7" * (length - 1)
    found = find_answer(f"\\boxed{{{first}}},\\boxed{{2}}").text
    assert found == (f"\\boxed{{{first}}}, \\boxed{{2}}" if joined else "2")


@pytest.mark.parametrize(("names", "spaces", "joined"), [(8, 0, True), (9, 0, False), (8, 8, True), (8, 9, False)])
def test_boxes_are_one_answer_if_80_characters_at_most_lie_between(names, spaces, joined):
    found = find_answer("\\boxed{1}" + ",x_{111}=" * names + " " * spaces + "\\boxed{2}")
    assert found.text == ("\\boxed{1}, \\boxed{2}" if joined else "2")


@pytest.mark.parametrize(("empty", "how"), [(19, "boxed"), (20, "text")])
def test_twenty_marks_are_looked_at(empty, how):
    assert find_answer("\\boxed{7} " + "\\boxed{} " * empty).how == how


@pytest.mark.parametrize(
    ("before", "limit", "how"),
    [("\\boxed{7}", 50_000, "boxed"), ("answer is 7\n", 4_000, "statement")],
)
def test_marks_count_in_the_last_50_000_characters_and_statements_in_the_last_4_000(before, limit, how):
    fill = "x" * (limit - len(before))
    assert find_answer(before + fill).how == how
    assert find_answer(f"{before}{fill}x").how == "text"
    assert len(find_answer("x" * 60_000).text) == 4_000


def test_a_marked_answer_has_no_tail_and_another_has_the_last_4_000_characters():
    assert find_answer("#### 5").tail == ""
    assert find_answer("y" * 10 + "x" * 4_000).tail == "x" * 4_000
    assert find_answer("The answer is 5.").tail == "The answer is 5."


@pytest.mark.parametrize(
    ("response", "part"),
    [
        ("<think>4</think>5", "5"),
        ("<think>4</think>a</think>5", "5"),
        ("<think>4</think> \n", "<think>4</think> \n"),
        ("no thinking", "no thinking"),
        ("5<|im_end|>", "5"),
        ("5 </s></s>\n", "5"),
        ("5 > 4", "5 > 4"),
        ("<b>", "<b>"),
        # up to 39 spaces after it
        (f"5</s>{' ' * 39}", "5"),
        (f"5</s>{' ' * 40}", f"5</s>{' ' * 40}"),
    ],
)
def test_the_final_part_follows_the_thinking_and_has_no_end_tokens(response, part):
    assert final_part(response) == part


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("\\boxed{a{b}{c}d} e", "a{b}{c}d"),
        ("\\boxed{\\{1, 2\\}} }", "\\{1, 2\\}"),
        ("\\boxed  {5}", "5"),
        ("\\fbox{ 5 }", "5"),
        ("\\boxed 5, so", "5"),
        ("\\boxed", ""),
        ("\\boxed ", ""),
        ("\\boxed\\pi", "\\pi"),
        ("\\boxed $5.$", "5"),
        ("\\boxed 5 6 7", "5"),
        ("\\boxed " + "7" * 101, "7" * 100),
        ("\\boxed{5 + {x\n}", "5 + {x"),
        ("\\boxed{5$ \nno more", "5"),
        ("\\boxed{}", ""),
    ],
)
def test_the_content_of_a_box_has_balanced_braces(text, content):
    assert box_content(text, 0) == content


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        ("#### 18\n\nQuestion: Tom has 5 apples.\n#### 5", "18"),
        ("\\boxed{18}\nProblem 2: double it. \\boxed{36}", "18"),
        ("Question: how many?\n#### 18", "18"),
        ("Q: how many?\nA: 5\nQ: in total?\nA: 8", "8"),  # no mark before the last question
        ("#### 18\nQuestionable? #### 19", "19"),
    ],
)
def test_what_follows_the_next_question_is_another_exercise(response, answer):
    assert find_answer(response).text == answer
