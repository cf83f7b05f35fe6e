"""Choices in responses that go on after their answer, deny, suppose or name an option by its value or place."""

import pytest

from reward_memory.answers.choices import extract_letter
from reward_memory.answers.extraction import find_answer

OPTIONS_0 = (
    "Lima",
    "Quito",
    "Bogot\u00e1",
    "La Paz",
)
OPTIONS_1 = (
    "2",
    "3",
    "4",
    "6",
)
OPTIONS_2 = (
    "rest",
    "painkillers",
    "antibiotics",
    "surgery",
)
OPTIONS_3 = (
    "the sun",
    "a wind turbine",
    "coal",
    "a flashlight",
)
OPTIONS_4 = (
    "Use a rubber band around the lid to get a better grip.",
    "Use a rubber band around the jar bottom to get a better grip.",
)
OPTIONS_5 = (
    "20 m",
    "25 m",
    "40 m",
    "50 m",
)
OPTIONS_6 = (
    "$1,200",
    "$1,500",
    "$12,000",
    "$15,000",
)
OPTIONS_7 = (
    "10%",
    "20%",
    "25%",
    "50%",
)
OPTIONS_8 = (
    "\\(\\frac{1}{2}\\)",
    "\\(\\frac{1}{3}\\)",
    "\\(\\frac{2}{3}\\)",
    "\\(\\frac{3}{4}\\)",
)
OPTIONS_9 = (
    "37 \u00b0C",
    "40 \u00b0C",
    "25 \u00b0C",
    "100 \u00b0C",
)
OPTIONS_10 = (
    "Inflation",
    "Unemployment",
    "Both A and B",
    "Neither A nor B",
)
OPTIONS_11 = (
    "1 V",
    "2 V",
    "3 V",
    "4 V",
)

ROWS = [  # options, response, the letter that it settles on; with "!" a letter that it does not
    (OPTIONS_0, "I think it is B. Wait, I'm changing my answer from B to C.", "C"),
    (OPTIONS_0, "The answer is B. On reflection I change my answer to **(D)**.", "D"),
    (OPTIONS_0, "I switched from A to D.", "D"),
    (OPTIONS_0, "Changing B to C would break the code.", "!C"),
    (OPTIONS_0, "Changing the order from A to Z, Lima is third.", "!Z"),
    (OPTIONS_0, "B because A is the capital of Peru.", "B"),
    (OPTIONS_0, "B since A is the capital of Peru.", "B"),
    (OPTIONS_0, "Some say A because it is large. The answer is B.", "B"),
    (
        OPTIONS_0,
        (
            " B. Quito\n\nQuestion: Which ocean borders Portugal?\nA. Indian\nB. Arctic"
            "\nC. Pacific\nD. Atlantic\nAnswer: D. Atlantic\n"
        ),
        "B",
    ),
    (
        OPTIONS_0,
        (
            " B. Quito\n\nQuestion: Which ocean borders Portugal?\nA. Indian\nB. Arctic"
            "\nC. Pacific\nD. Atlantic\nAnswer: D. Atlantic\n"
        ),
        "!D",
    ),
    (
        OPTIONS_0,
        (
            " C\n\nThe following are multiple choice questions (with answers) about g"
            "eography.\n\nWhich river flows through Cairo?\nA. Niger\nB. Nile\nC. Congo\n"
            "D. Volta\nAnswer: B"
        ),
        "C",
    ),
    (
        OPTIONS_0,
        (
            " C\n\nThe following are multiple choice questions (with answers) about g"
            "eography.\n\nWhich river flows through Cairo?\nA. Niger\nB. Nile\nC. Congo\n"
            "D. Volta\nAnswer: B"
        ),
        "!B",
    ),
    (
        OPTIONS_0,
        (
            "The answer is (B).\n\nQ: A gas expands at constant pressure. What is con"
            "served?\nOptions: (A) heat (B) work (C) moles (D) volume\nA: Let's think"
            " step by step. No gas escapes. The answer is (C)."
        ),
        "B",
    ),
    (
        OPTIONS_0,
        (
            "The answer is (B).\n\nQ: A gas expands at constant pressure. What is con"
            "served?\nOptions: (A) heat (B) work (C) moles (D) volume\nA: Let's think"
            " step by step. No gas escapes. The answer is (C)."
        ),
        "!C",
    ),
    (
        OPTIONS_0,
        (
            "Let's think step by step. The capital of Ecuador lies at 2,850 m; it i"
            "s Quito. The answer is (B).\n\nQuestion: What is the capital of Peru?\nOp"
            "tions:\nA. Lima\nB. Cusco\nAnswer: Let's think step by step. The capital "
            "of Peru is Lima. The answer is (A)."
        ),
        "B",
    ),
    (
        OPTIONS_0,
        (
            "Let's think step by step. The capital of Ecuador lies at 2,850 m; it i"
            "s Quito. The answer is (B).\n\nQuestion: What is the capital of Peru?\nOp"
            "tions:\nA. Lima\nB. Cusco\nAnswer: Let's think step by step. The capital "
            "of Peru is Lima. The answer is (A)."
        ),
        "!A",
    ),
    (OPTIONS_0, "D\n\nHuman: Which is larger, 3 or 5?\n\nAssistant: A", "D"),
    (OPTIONS_0, "D\n\nHuman: Which is larger, 3 or 5?\n\nAssistant: A", "!A"),
    (
        OPTIONS_0,
        ("The correct answer is C.<|endoftext|>Human: Pick one of A, B, C, D.\nAssistant: The correct answer is A."),
        "C",
    ),
    (
        OPTIONS_0,
        ("The correct answer is C.<|endoftext|>Human: Pick one of A, B, C, D.\nAssistant: The correct answer is A."),
        "!A",
    ),
    (OPTIONS_0, "(B) Quito\n\nExercise 14: Select the correct word.\n(A) its (B) it's (C) its'", "B"),
    (OPTIONS_0, "(B) Quito\n\nExercise 14: Select the correct word.\n(A) its (B) it's (C) its'", "!A"),
    (
        OPTIONS_0,
        (
            " Quito\n\nQuestion: What is the capital of Bolivia?\nAnswer: La Paz\n\nQues"
            "tion: What is the capital of Colombia?\nAnswer: Bogot\u00e1"
        ),
        "B",
    ),
    (
        OPTIONS_0,
        (
            " Quito\n\nQuestion: What is the capital of Bolivia?\nAnswer: La Paz\n\nQues"
            "tion: What is the capital of Colombia?\nAnswer: Bogot\u00e1"
        ),
        "!C",
    ),
    (OPTIONS_0, "**Selected Answer:** B\n**Rejected Answers:** A, C, D", "B"),
    (OPTIONS_0, "Option (3)", "C"),
    (
        OPTIONS_1,
        (
            "Only option D satisfies both conditions. Option A fails the first one,"
            " option B fails the second one and option C fails both."
        ),
        "D",
    ),
    (
        OPTIONS_1,
        (
            "Only option D satisfies both conditions. Option A fails the first one,"
            " option B fails the second one and option C fails both."
        ),
        "!C",
    ),
    (OPTIONS_2, "I don't think the answer is C.", "!C"),
    (OPTIONS_2, "The answer would be B if the infection were viral, but it is not.", "!B"),
    (OPTIONS_2, "Answer: B\nConfidence: 90%\nSecond choice: D", "B"),
    (OPTIONS_2, "Answer: B\nConfidence: 90%\nSecond choice: D", "!D"),
    (OPTIONS_2, "I do not think that option D is the right one.", "!D"),
    (OPTIONS_2, "It is unlikely that the answer is A.", "!A"),
    (OPTIONS_2, "I'm not convinced that the answer is B.", "!B"),
    (OPTIONS_2, "If the pathogen were a virus, the correct answer would be A. It is a bacterium.", "!A"),
    (OPTIONS_2, "Saying that the answer is B would be a mistake.", "!B"),
    (OPTIONS_2, "Best answer: C\nNext best answer: B", "C"),
    (OPTIONS_2, "Best answer: C\nNext best answer: B", "!B"),
    (OPTIONS_2, "First choice: C\nSecond choice: A\nThird choice: B", "C"),
    (OPTIONS_2, "First choice: C\nSecond choice: A\nThird choice: B", "!B"),
    (OPTIONS_2, "Only C meets the guideline. Option D meets half of it and options A and B meet none.", "C"),
    (OPTIONS_2, "Only C meets the guideline. Option D meets half of it and options A and B meet none.", "!D"),
    (
        OPTIONS_2,
        ("Option C is the only one that treats the cause. Option A delays care and option B masks the pain."),
        "C",
    ),
    (
        OPTIONS_2,
        ("Option C is the only one that treats the cause. Option A delays care and option B masks the pain."),
        "!B",
    ),
    (OPTIONS_2, "Of the four, only (C) works. (A) and (B) do nothing, while (D) is too invasive.", "C"),
    (OPTIONS_2, "The answer is C. For children, the answer would be A.", "C"),
    (OPTIONS_2, "The answer is C. For children, the answer would be A.", "!A"),
    (OPTIONS_2, "The answer is B. Oops, I meant C.", "C"),
    (OPTIONS_2, "The answer is B. Oops, I meant C.", "!B"),
    (
        OPTIONS_2,
        (
            "C\n\n---\n\nA 34-year-old woman presents with a cough. Which drug is best?"
            "\nA. Codeine\nB. Honey\nC. Aspirin\nD. Zinc\n\nAnswer: B"
        ),
        "C",
    ),
    (
        OPTIONS_2,
        (
            "C\n\n---\n\nA 34-year-old woman presents with a cough. Which drug is best?"
            "\nA. Codeine\nB. Honey\nC. Aspirin\nD. Zinc\n\nAnswer: B"
        ),
        "!B",
    ),
    (
        OPTIONS_2,
        ("C. antibiotics\n\n2. Which of the following is a fruit?\nA. carrot\nB. apple\nC. leek\nD. potato\nAnswer: B"),
        "C",
    ),
    (
        OPTIONS_2,
        ("C. antibiotics\n\n2. Which of the following is a fruit?\nA. carrot\nB. apple\nC. leek\nD. potato\nAnswer: B"),
        "!B",
    ),
    (
        OPTIONS_2,
        (
            "The answer is C.\n\n## Question 2\nWhich gas do plants absorb?\n(A) O2 (B)"
            " CO2 (C) N2 (D) H2\n\nThe answer is B."
        ),
        "C",
    ),
    (
        OPTIONS_2,
        (
            "The answer is C.\n\n## Question 2\nWhich gas do plants absorb?\n(A) O2 (B)"
            " CO2 (C) N2 (D) H2\n\nThe answer is B."
        ),
        "!B",
    ),
    (
        OPTIONS_2,
        (
            "C<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nWhat about childr"
            "en?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nThe answer"
            " is A."
        ),
        "C",
    ),
    (
        OPTIONS_2,
        (
            "C<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nWhat about childr"
            "en?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nThe answer"
            " is A."
        ),
        "!A",
    ),
    (OPTIONS_2, "C</s>[INST] And for adults? [/INST] The answer is B", "C"),
    (OPTIONS_2, "C</s>[INST] And for adults? [/INST] The answer is B", "!B"),
    (
        OPTIONS_2,
        (
            "The answer is C.<|im_end|>\n<|im_start|>user\nAnother one?<|im_end|>\n<|i"
            "m_start|>assistant\nThe answer is D."
        ),
        "C",
    ),
    (
        OPTIONS_2,
        (
            "The answer is C.<|im_end|>\n<|im_start|>user\nAnother one?<|im_end|>\n<|i"
            "m_start|>assistant\nThe answer is D."
        ),
        "!D",
    ),
    (OPTIONS_2, "C<end_of_turn>\n<start_of_turn>user\nThanks! A or B next?<end_of_turn>", "C"),
    (OPTIONS_2, "The answer can't be surgery.", "!D"),
    (OPTIONS_2, "I don't think it is surgery.", "!D"),
    (OPTIONS_2, "\u6211\u8ba4\u4e3a\u7b54\u6848\u4e0d\u662fA,\u5e94\u8be5\u662fC\u3002", "C"),
    (OPTIONS_2, "\u6211\u4e0d\u8ba4\u4e3a\u7b54\u6848\u662fB\u3002", "!B"),
    (OPTIONS_2, "Ich glaube nicht, dass die Antwort B ist.", "!B"),
    (OPTIONS_2, "\u7b54\u3048\u306fB\u3067\u306f\u306a\u3044\u3002", "!B"),
    (OPTIONS_2, "\uc815\ub2f5\uc740 B\uac00 \uc544\ub2d9\ub2c8\ub2e4.", "!B"),
    (OPTIONS_2, "La r\u00e9ponse correcte est la proposition C : antibiotics.", "C"),
    (OPTIONS_2, "A\u3001B\u3001D\u90fd\u662f\u9519\u8bef\u7684,\u53ea\u6709C\u662f\u6b63\u786e\u7684\u3002", "C"),
    (OPTIONS_3, '{"answer": "coal"}', "C"),
    (OPTIONS_4, "Solution 1", "A"),
    (OPTIONS_4, "sol2", "B"),
    (OPTIONS_4, "The first option makes more sense, since the lid is what you turn.", "A"),
    (OPTIONS_4, "Option (1)", "A"),
    (OPTIONS_5, "\\boxed{40 \\text{ meters}}", "C"),
    (OPTIONS_5, "\\boxed{40~\\mathrm{m}}", "C"),
    (OPTIONS_5, "Therefore the car stops after 40 meters.\n\nAnswer: 40 meters", "C"),
    (OPTIONS_5, "#### 40", "C"),
    (OPTIONS_6, "The interest is \\$1,500.\n\n\\boxed{1500}", "B"),
    (OPTIONS_6, "Answer: 12,000 dollars", "C"),
    (OPTIONS_7, "\\boxed{25\\%}", "C"),
    (OPTIONS_7, "The price rose by 25 percent.\n\nAnswer: 25 percent", "C"),
    (OPTIONS_8, "The probability is $\\dfrac{2}{3}$.\n\nThe answer is $\\dfrac{2}{3}$.", "C"),
    (OPTIONS_9, "Final answer: 25\u00b0C", "C"),
    (OPTIONS_9, "The answer is 100 degrees Celsius.", "D"),
    (OPTIONS_10, "A is true and B is true as well, which makes option C the correct one.", "C"),
    (OPTIONS_10, "A is true and B is true as well, which makes option C the correct one.", "!B"),
    (OPTIONS_11, "\u3088\u3063\u3066\u3001\u6b63\u89e3\u306f\u9078\u629e\u80a2B\u3067\u3059\u3002", "B"),
    (OPTIONS_11, "A\u3067\u306f\u306a\u304fD\u304c\u6b63\u3057\u3044\u3002", "D"),
]


@pytest.mark.parametrize(("options", "response", "expected"), ROWS)
def test_the_letter_that_a_response_settles_on(options, response, expected):
    letter = extract_letter(find_answer(response), options, response)[0]
    if expected.startswith("!"):
        assert letter != expected[1:]
    else:
        assert letter == expected
