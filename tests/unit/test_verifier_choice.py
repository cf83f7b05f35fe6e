"""Multiple choice: a letter of the item's own options, never the first letter of a word."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reward_memory.verifiers import Grader, GroundTruth

OPTIONS = ("a cat", "dog", "the Blue whale", "an eel")
SPECIES = ("E. coli", "A. thaliana", "D. rerio", "C. elegans")


def letter(response, options=OPTIONS):
    with Grader() as grader:
        return grader.grade([response], [GroundTruth("choice", "B", tuple(options))])[0].extracted


@pytest.mark.parametrize(
    "response",
    [
        "#### B", "#### (B)", "#### **B**", "#### B.", "#### B)", "#### b", "#### [B]", "#### B. dog", "#### B: dog",
        "#### (B) dog", "#### **B. dog**", "#### dog", "#### Dog.", "#### a dog", "#### \\text{B}", "\\boxed{B}",
        "\\boxed{\\text{(B)}}", "The answer is B.", "The answer is (B).", "The correct answer is: **B**",
        "So the answer is B because A is a pet.", "Answer: B", "I choose option B", "It is (B)", "A is wrong.\n\nB",
        "The answer is A. No, the answer is B.", "<think>The answer is A</think>The answer is B", "B", "B dog",
        "Therefore the best option is B, the dog.", "#### The answer is B",
    ],
)  # fmt: skip
def test_a_letter_is_read(response):
    assert letter(response) == "B"


@pytest.mark.parametrize(
    "response",
    ["", "####", "#### E", "#### Bird", "#### Because", "Because it barks.", "#### E. fox", "I am certain", "A or B",
     "The answer is A or B.", "Both (A) and (B) fit", "#### A bird", "A bird flies.", "Be careful", "#### 2", "####  "],
)  # fmt: skip
def test_no_letter_is_read(response):
    assert letter(response) is None


WAYS = {
    "in_another_language": [
        "答案是B", "正确答案为B", "选B", "故选：B", "故选B。", "因此，答案选B。", "答案为（B）",
        "正确答案是：B", "答案：**B**", "【答案】B", "本题选B", "所以选择B",
        "答案是 $\\boxed{B}$", "选项B正确", "正确选项是B", "應選B", "B是正确的", "答えはBです。", "正解はBです",
        "答え：B", "正解：B", "정답은 B입니다.",
        "정답: B", "답은 (B)입니다", "정답은 B", "Ответ: B", "Ответ: В", "Правильный ответ: B", "Правильный ответ — B.",
        "Правильный вариант: B", "Die Antwort lautet B.", "Antwort: B", "Die richtige Antwort ist (B).",
        "Richtig ist Option B", "La bonne réponse est B.", "La réponse est la B", "Réponse : B",
        "La réponse correcte est l'option B.", "La respuesta correcta es B.", "La respuesta es la opción B",
        "Respuesta: B", "La risposta corretta è B.", "Risposta: B", "La risposta è la B", "A resposta correta é B.",
        "Resposta: B", "A resposta correta é a letra B.", "A alternativa correta é a B", "Het juiste antwoord is B.",
        "Antwoord: B", "Prawidłowa odpowiedź to B.", "Odpowiedź: B", "Poprawna odpowiedź: B", "Doğru cevap B'dir.",
        "Cevap: B", "Doğru yanıt: B", "Doğru cevap B şıkkıdır.",
    ],
    "in_full_width_forms": [
        "（B）", "Ｂ", "答案：Ｂ", "Answer： B", "\u24b7", "\\boxed{Ｂ}", "#### Ｂ", "#### （B）",
    ],
    "in_latex_wrappers": [
        "\\boxed{\\textrm{B}}", "\\boxed{\\mathsf{B}}", "\\boxed{\\text{(B)}}", "\\boxed{\\,B\\,}",
        "\\boxed{\\textbf{\\text{(B)}}}", "\\boxed{\\mathrm{\\mathbf{B}}}", "The answer is $\\mathbf{B}$.",
        "The answer is \\(B\\).", "\\boxed{\\boxed{B}}", "\\boxed{\\operatorname{B}}", "$\\textbf{B}$",
        "\\boxed{\\rm B}", "\\boxed{{\\bf B}}", "\\boxed{\\textbf{(B)}\\ \\text{dog}}", "\\boxed{\\left(B\\right)}",
        "\\boxed{\\text{B. dog}}", "\\boxed{\\text{Option B}}", "\\boxed{\\textcolor{red}{B}}",
        "\\boxed{\\text{ B }}", "\\fbox{B}", "\\boxed{~B~}",
    ],
    "in_answer_tags": [
        "<answer>B</answer>", "<answer>(B)</answer>", "<answer> B. dog </answer>", "<answer>dog</answer>",
        "<answer>\n(B) dog\n</answer>", "<answer>The answer is B</answer>", "<answer>\\boxed{B}</answer>",
        "<answer>A</answer> wait <answer>B</answer>", "<answer>B",
        "text <answer>Since A is no pet, the correct answer is (B).</answer> done", "<Answer>B</Answer>",
        "<answer>**B**</answer>", "<answer>Option B</answer>",
    ],
    "in_a_plain_sentence": [
        "B is the correct answer.", "Option B is correct.", "B - dog", "B – dog", "B: dog", "(B) dog",
        "**B** is correct", "So B is right.", "(B) is the right choice.", "The answer is not A but B.",
        "It is not A, but B.", "A is not correct, B is.", "The correct option is B.",
        "The correct choice would be (B)", "I would go with B.", "I'd pick option B",
        "Therefore, B is the best answer.", "B is the most appropriate answer.", "Option (B) is the correct one.",
        "The best answer is B. A cat is no dog. This answer is justified by logic.",
        "The answer is B. Option A is wrong.", "The answer is B, since A is wrong.", "My final answer: B",
        "The answer is B because A cat meows.", "The answer is: \n\n**B**", "The answer is definitely B.",
        "The answer is most likely B.", "The answer is \"B\".", "The answer is dog.",
        "The answer is dog, because it barks.", "The correct answer is **B. dog**.", "The answer is clearly (B) dog.",
        "Final Answer: (B)", "**Final Answer**\n\nB", "### Answer\nB", "#### Answer\nB", "#### Answer: B\n",
        "#### Step 3: compare\nThe answer is B.", "#### Conclusion\nB is correct.",
        "We find \\boxed{x^2}.\n**Answer: B**", "#### B\n\nOption A is incorrect because it meows.",
        "#### B\n\nThe answer is not A.", "\\boxed{B}\n\nThis answer is justified by the text.",
        "A. cats meow\nB. dogs bark\n\nThe best answer is B.", "B. dog\n\nIt barks.", "Is it A? No. The answer is B.",
        "Is the answer A? No, A is wrong. B is the correct answer.",
        "If the answer is A, cats bark. So the answer is B.", "The answer cannot be A. The answer is B.",
        "The answer is B. The incorrect answer is A.", "Wrong answer: A. Right answer: B", "The answer is B, not A.",
        "Answer:B", "answer = B", "The answer is b.", "ANSWER: B", "Both A and C are wrong, so the answer is B",
        "A and C are not correct. B is correct.", "It's B.", "It can't be A. It is B.", "The answer isn't A; it's B.",
        "The answer is neither A nor C but B.", "A is incorrect, C is incorrect, so B.", "Therefore B.", "Thus, (B).",
        "Final: B", "Ans: B", "Out of all options, B fits best.", "The one that barks is the dog.", "\\boxed{\\{B\\}}",
        "So the answer is A? No, it barks, hence B because cats meow.",
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    "response", [pytest.param(text, id=f"{way}-{text}") for way, texts in WAYS.items() for text in texts]
)
def test_a_letter_is_read_in_many_ways_of_saying_it(response):
    assert letter(response) == "B"


@pytest.mark.parametrize(
    "response",
    [
        "A or B", "The answer is A or B.", "Both (A) and (B) fit", "The answer is neither A nor B.",
        "Neither A nor B is correct.", "The answer is not B.", "B is not correct.", "Option B is wrong.",
        "Option B is incorrect.", "The answer isn't B.", "A cat is an animal.", "I think so.", "The answer is E.",
        "<answer>E</answer>", "<answer>A or B</answer>", "<answer>Bird</answer>", "\\boxed{A}, \\boxed{B}",
        "\\boxed{\\text{A and B}}", "\\boxed{E}", "答案不是B", "不选B", "答案是A或B", "选择题很难", "Ответ: не B",
        "Die Antwort ist nicht B.", "La réponse n'est pas B.", "La respuesta no es B", "Is B correct?",
        "Is the answer B?", "B cells are here.", "Vitamin B is good.", "The answer is B or C.",
        "The answer is A, B and C.", "B and C are correct.", "A and B are correct", "Answer A question.",
        "The answer is a mystery.", "The answer is A bird.", "#### Bird", "#### B or C", "#### B and C",
        "\\boxed{x^2}", "The answers are A and B", "If B is correct then cats bark.", "Answer: None of them",
        "The answer is Because", "The answer is Bé", "选E", "答案：E", "Ответ: Б", "I don't choose B.",
        "I would not pick B.", "The wrong answer is B.", "The answer is B-complex", "B'dir", "A is as good as B",
        "So B cells divide.", "If it is B, cats bark.", "It's B or C.", "Therefore B is wrong.",
        "The answer is neither A nor C.", "A dog is small.", "The final B is long.", "It is not the dog.",
    ],
)  # fmt: skip
def test_what_names_no_option_or_several_is_no_letter(response):
    assert letter(response) is None


@pytest.mark.parametrize(
    ("response", "options", "expected"),
    [
        ("this points at (B) here", OPTIONS, "B"),
        ("this points at **B** here", OPTIONS, "B"),
        ("this points at (A) or even (B) here", OPTIONS, None),
        ("this points at (E) here", OPTIONS, None),
        ("The answer is C. elegans", SPECIES, "D"),
        ("#### C. elegans", SPECIES, "D"),
        ("\\boxed{\\text{C. elegans}}", SPECIES, "D"),
        ("<answer>C. elegans</answer>", SPECIES, "D"),
        ("C. elegans", SPECIES, "D"),
        ("The answer is D. C. elegans", SPECIES, "D"),
        ("The answer is D. rerio.", SPECIES, "C"),
        ("The answer is C.", SPECIES, "C"),
        ("The answer is *C. elegans*, a worm.", SPECIES, "D"),
        ("C. elegans is the correct answer.", SPECIES, "D"),
        ("Option D is correct: C. elegans", SPECIES, "D"),
        ("The answer is **D**.", SPECIES, "D"),
        ("答案：C. elegans", SPECIES, "D"),
        ("The answer is A. thaliana because it is a plant", SPECIES, "B"),
        ("#### E. coli", SPECIES, "A"),
        ("#### A", ("B", "A"), "A"),
        ("The answer is vitamin C", ("vitamin A", "vitamin C"), "B"),
        ("The answer is B cells", ("B cells", "T cells"), "A"),
        ("The answer is 2.5", ("2", "2.5"), "B"),
        ("The answer is 2.", ("2", "2.5"), "A"),
        ("The answer is 25", ("2", "2.5"), None),
        ("The answer is dog food", OPTIONS, None),
        ("Ответ: В. Не Г и не Б", OPTIONS, None),
        ("The answer is J", tuple("qrstuvwxyz"), "J"),
        ("I is correct", tuple("qrstuvwxyz"), "I"),
        ("The answer is I think", tuple("qrstuvwxyz"), None),
        ("The answer: A", OPTIONS, "A"),
        ("Respuesta: A", OPTIONS, "A"),
        ("A resposta é A", OPTIONS, "A"),
        ("La respuesta es A.", OPTIONS, "A"),
        ("The answer is A because", OPTIONS, "A"),
        ("A is the correct answer", OPTIONS, "A"),
        ("Ответ: А", OPTIONS, "A"),
        ("Ответ: С", OPTIONS, "C"),
        ("The answer is the blue whale", OPTIONS, "C"),
        ("The answer is a cat", OPTIONS, "A"),
        ("The answer is dog or an eel", OPTIONS, None),
        ("Vitamin C is correct", ("x", "y", "z"), None),
    ],
)
def test_the_text_of_an_option_goes_before_the_letter_that_it_begins_with(response, options, expected):
    assert letter(response, options) == expected


def test_the_range_is_that_of_the_options():
    assert letter("#### C", ("yes", "no")) is None
    assert letter("#### J", tuple("qrstuvwxyz")) == "J"


def test_two_options_of_one_text_name_no_letter():
    assert letter("#### dog", ("dog", "dog", "cat")) is None


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=1000)
def test_only_letters_of_the_options_come_out(response):
    assert letter(response) in (None, "A", "B", "C", "D")


@pytest.mark.parametrize(
    "piece",
    [
        "answer is ",
        "option ",
        "(",
        "A ",
        "is is ",
        "*",
        "answer:\n",
        "\\text{",
        "(A) ",
        "<answer>",
        "选",
        "\\boxed{A},",
    ],
)
def test_long_responses_take_less_than_a_second(piece):
    start = time.process_time()
    letter(piece * (500_000 // len(piece)))
    assert time.process_time() - start < 1
