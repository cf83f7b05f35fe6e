"""The generated benchmarks: sizes, identity, truth, and what the teacher may see."""

import json
from random import Random

import pytest

from reward_memory import benchmarks, schemas
from reward_memory.benchmarks import DOMAINS, NAMES, generated
from reward_memory.benchmarks.generated import arithmetic, choice, programs
from reward_memory.benchmarks.items import LETTERS
from reward_memory.errors import InputError

SIZES = {"train": 40, "valid": 16, "test": 40}


def prompts(frame):
    return [message["content"] for messages in frame["messages"] for message in messages]


@pytest.fixture(scope="module")
def built():
    return {name: benchmarks.build(name, "generated", SIZES, seed=0) for name in NAMES}


def test_the_13_benchmarks_stand_in_the_order_of_the_paper():
    assert NAMES[:3] == ("gsm8k", "math", "gsm_symbolic")
    assert NAMES[10:] == ("numina_math", "siqa", "piqa")
    assert len(NAMES) == 13


@pytest.mark.parametrize("name", NAMES)
def test_every_split_has_the_size_asked_for(built, name):
    assert {split: len(frame) for split, frame in built[name].items()} == SIZES


@pytest.mark.parametrize("name", NAMES)
def test_no_prompt_occurs_twice_in_a_benchmark(built, name):
    seen = [prompt for frame in built[name].values() for prompt in prompts(frame)]
    assert len(seen) == len(set(seen)) == sum(SIZES.values())


@pytest.mark.parametrize("name", NAMES)
def test_ids_and_hashes_are_unique_and_name_their_source(built, name):
    ids = [i for frame in built[name].values() for i in frame["id"]]
    hashes = [h for frame in built[name].values() for h in frame["content_hash"]]
    assert len(set(ids)) == len(set(hashes)) == len(ids)
    assert all(i.startswith(f"{name}/generated/") and i.rsplit("/", 1)[1].isdigit() for i in ids)


@pytest.mark.parametrize("name", NAMES)
def test_a_table_survives_parquet(built, name, tmp_path):
    frame = built[name]["train"]
    schemas.write(frame, tmp_path / "train.parquet", schemas.QUERIES)
    again = schemas.read(tmp_path / "train.parquet", schemas.QUERIES)
    assert list(again["id"]) == list(frame["id"])
    assert list(again.columns) == schemas.QUERIES.names
    schemas.write(frame, tmp_path / "train.truths.parquet", schemas.TRUTHS)
    truths = schemas.read(tmp_path / "train.truths.parquet", schemas.TRUTHS)
    assert list(truths["query_id"]) == list(frame["id"])
    assert list(truths["ground_truth"].fillna("null")) == list(frame["ground_truth"].fillna("null"))


@pytest.mark.parametrize("name", ["gsm8k", "mmlu", "mbpp_plus"])
def test_the_same_seed_gives_the_same_tables_and_another_seed_others(built, name):
    again = benchmarks.build(name, "generated", SIZES, seed=0)
    other = benchmarks.build(name, "generated", SIZES, seed=1)
    assert again["test"].equals(built[name]["test"])
    assert set(prompts(other["test"])) != set(prompts(built[name]["test"]))


@pytest.mark.parametrize("name", NAMES)
def test_every_row_has_the_truth_of_its_domain_and_no_other(built, name):
    frame = built[name]["test"]
    if DOMAINS[name] == "code":
        assert frame["ground_truth"].isna().all()
        assert frame["tests"].notna().all()
    else:
        assert frame["tests"].isna().all()
        assert frame["ground_truth"].notna().all()
    assert frame["options"].notna().all() == (DOMAINS[name] == "qa")


@pytest.mark.parametrize("name", NAMES)
def test_every_stand_in_has_room_for_more_than_200_items(name):
    assert generated.limit(name) > 200


@pytest.mark.parametrize("name", ["gpqa", "humaneval_plus", "gsm8k"])
def test_asking_for_more_than_there_are_names_the_benchmark_and_the_most(name):
    most = generated.limit(name)
    with pytest.raises(InputError, match=rf"{name}.*{most}"):
        benchmarks.build(name, "generated", {"train": most, "test": 1}, seed=0)


def test_all_items_of_a_finite_stand_in_can_be_had():
    most = generated.limit("piqa")
    assert len(benchmarks.build("piqa", "generated", {"train": most}, seed=0)["train"]) == most


@pytest.mark.parametrize("name", NAMES)
def test_the_teacher_never_shows_a_prompt_of_a_benchmark(name):
    rng = Random(3)
    assert not any(generated.is_reserved(generated.draw(name, rng).question) for _ in range(300))
    assert all(generated.is_reserved(item.messages[0][1]) for item in generated.load(name, 100, seed=5))


def test_drills_hold_no_prompt_of_a_math_benchmark():
    rng = Random(0)
    drills = [generated.drill(rng).split("\n")[0] for _ in range(2000)]
    problems = [text for text in drills if text.endswith("?") and any(character.isdigit() for character in text)]
    assert len(problems) > 300
    assert not any(generated.is_reserved(f"{text} {arithmetic.PROMPT}") for text in problems)


@pytest.mark.parametrize("name", [name for name in NAMES if DOMAINS[name] != "code"])
def test_a_teacher_without_noise_is_right_and_with_noise_is_often_wrong(name):
    rng = Random(0)
    for noise, least, most in ((0.0, 1.0, 1.0), (0.4, 0.4, 0.9)):
        drawn = [generated.draw(name, rng) for _ in range(300)]
        right = [p.respond(rng, noise).rsplit("#### ", 1)[1] == p.ground_truth for p in drawn]
        assert least <= sum(right) / len(right) <= most


@pytest.mark.parametrize("name", ["humaneval_plus", "mbpp_plus"])
def test_a_code_teacher_without_noise_passes_the_tests(name):
    rng = Random(0)
    for _ in range(60):
        problem = generated.draw(name, rng)
        assert passes(problem.respond(rng, 0.0), problem.tests)


def passes(response, tests):
    # Only texts of our own teacher reach this; a policy's code is never run outside the sandbox.
    tests, scope = json.loads(tests), {}
    exec(response.split("```python\n")[1].split("```")[0], scope)
    results = [scope[tests["entry_point"]](*call) for call in tests["calls"]]
    return [(type(r), r) for r in results] == [(type(e), e) for e in tests["expected"]]


def test_every_wrong_function_fails_the_tests_of_every_other():
    tasks = [
        programs.ProgramProblem("mbpp_plus", f, k, programs.ASKINGS["mbpp_plus"][0]) for f in range(12) for k in (2, 5)
    ]
    for task in tasks:
        for other in tasks:
            assert passes(other.respond(Random(0), 0.0), task.tests) == (other == task)


def test_the_tests_of_a_code_item_follow_the_verifiers_format():
    tests = json.loads(programs.ProgramProblem("humaneval_plus", 0, 3, programs.ASKINGS["humaneval_plus"][0]).tests)
    assert set(tests) == {"entry_point", "calls", "expected", "atol", "base"}
    assert tests["calls"][:3] == [[0], [3], [8]]
    assert tests["expected"][:3] == [3, 6, 11]
    assert 0 < tests["base"] < len(tests["calls"]) == len(tests["expected"])


def test_a_hand_computed_word_problem():
    steps = (arithmetic.Step("+", 5, 9, 14), arithmetic.Step("*", 2, 14, 28))
    problem = arithmetic.ArithmeticProblem("?", "Ann starts with 9 coins.", ("First 5 are found:", "Last:"), steps)
    assert problem.ground_truth == "28"
    assert problem.respond(Random(0), 0.0) == (
        "Ann starts with 9 coins. First 5 are found: 9 + 5 = 14. Last: 14 * 2 = 28.\n#### 28"
    )


@pytest.mark.parametrize("name", [name for name in NAMES if DOMAINS[name] == "math"])
def test_every_number_of_an_arithmetic_text_has_a_token_of_its_own(name):
    rng = Random(1)
    for _ in range(300):
        problem = generated.draw(name, rng)
        words = f" {problem.question} {problem.respond(rng, 0.9)}".replace("\n", " ").split(" ")
        numbers = [word.strip(".,:?") for word in words if any(character.isdigit() for character in word)]
        assert all(number.isdigit() and int(number) < 200 for number in numbers)


def test_the_truth_of_a_choice_is_the_letter_of_its_option():
    problem = choice.ChoiceProblem("arc_c", "tuna", "", "Which group does a {} belong to?")
    assert problem.options[LETTERS.index(problem.ground_truth)] == "fish"
    assert f"{problem.ground_truth}. fish" in problem.question


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("gsm9k", "generated", SIZES, 0), "gsm9k.*gsm8k"),
        (("gsm8k", "web", SIZES, 0), "web.*generated"),
        (("gsm8k", "generated", {"train": -1}, 0), "train.*-1"),
        (("gsm8k", "generated", {"dev": 3}, 0), "dev.*valid"),
        (("gsm8k", "mirror", SIZES, 0), "gsm8k.*mirror"),
        (("gsm8k", "generated", SIZES, 0, None, "xml"), "xml.*hash"),
    ],
)
def test_impossible_arguments_are_one_sentence_with_the_mend(arguments, words):
    with pytest.raises(InputError, match=words):
        benchmarks.build(*arguments)
