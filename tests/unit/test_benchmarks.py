"""The generated benchmarks: sizes, identity, truth, and what the teacher may see."""

import json
from pathlib import Path
from random import Random

import pytest

from reward_memory import data
from reward_memory.data import BENCHMARKS, DOMAINS, generated
from reward_memory.data.generated import arithmetic, choice, programs
from reward_memory.data.items import LETTERS
from reward_memory.data.mirror import RELEASES
from reward_memory.errors import InputError
from reward_memory.storage import parquet
from reward_memory.storage.files import digest

ROOT = Path(__file__).parents[2]
SIZES = {"train": 40, "valid": 16, "test": 40}
NAMES = tuple(BENCHMARKS)
#: Of 100 items, and of the ids and hashes of a split of 40, 8 and 40: what the tiny policies and every result hang on.
PINNED = {
    "gsm8k": ("0a1369c4dc6c0ff8", "cc2c0e54f2292280"),
    "math": ("9031b3711ed82916", "622ea3a2a6fd1f0e"),
    "gsm_symbolic": ("1c916674b48da0dd", "709bb9e8b38346ec"),
    "mmlu": ("05bb1d319f573d95", "f986bbefe23bb9f7"),
    "commonsenseqa": ("b516bc4dca096c44", "4e662c81f42de25c"),
    "obqa": ("b5e7a0c8483d2daf", "60a000ccaa364d48"),
    "arc_c": ("3cadf76ece4a27cd", "749d7aebff02aba6"),
    "gpqa": ("79c4a963bd72a1c5", "b39115d09c370984"),
    "humaneval_plus": ("9c3cd4564b802210", "0719d29743b5408d"),
    "mbpp_plus": ("67fa2d4c7498c820", "30b9a89ea05a331c"),
    "numina_math": ("89d9e88ee12942b5", "bc70a319be5b0865"),
    "siqa": ("7847e4ed93555116", "0ff75a912cb01f32"),
    "piqa": ("33e3035667f11c2a", "2f6a4a3276dfd608"),
}


def prompts(frame):
    return [message["content"] for messages in frame["messages"] for message in messages]


@pytest.fixture(scope="module")
def built():
    return {name: data.build(name, "generated", SIZES, seed=0) for name in NAMES}


def test_the_benchmarks_of_memreward_then_those_of_meds_stand_in_the_order_of_the_papers():
    assert NAMES[:3] == ("gsm8k", "math", "gsm_symbolic")
    assert NAMES[10:13] == ("numina_math", "siqa", "piqa")
    assert NAMES[13:] == ("dapo_math_17k", "aime24", "amc23", "math500", "minerva", "olympiadbench")
    assert NAMES[:13] == data.NAMES


@pytest.mark.parametrize("name", PINNED)
def test_the_items_and_splits_of_the_stand_ins_are_as_they_always_were(name):
    items, split = PINNED[name]
    drawn = generated.load(name, 100, 0)[:100]
    rows = [[i.source_split, i.row, i.messages, i.ground_truth, i.options, i.tests] for i in drawn]
    assert digest(rows) == items
    parts = data.build(name, "generated", {"train": 40, "valid": 8, "test": 40}, 42).values()
    assert digest([[*part["id"], *part["content_hash"]] for part in parts]) == split


def test_what_meds_trains_on_is_in_none_of_its_tests():
    trained = {item.messages for item in generated.load("dapo_math_17k", 3000, 0)}
    for name in NAMES[14:]:
        assert not trained & {item.messages for item in generated.load(name, 3000, 0)}


@pytest.mark.parametrize(("name", "benchmark"), BENCHMARKS.items())
def test_the_docs_tell_folders_rows_and_repository_of_every_benchmark(name, benchmark):
    lines = (ROOT / "docs/data.md").read_text().splitlines()
    [line] = [line for line in lines if line.startswith(f"| `{name}` |")]
    assert all(f"`{split.folder}`" in line for split in RELEASES[name].splits)
    assert all(f"{split} {count}" in line for split, count in benchmark.rows.items())
    assert benchmark.repository in line


@pytest.mark.parametrize(("name", "benchmark"), BENCHMARKS.items())
def test_every_benchmark_has_a_license_a_repository_and_row_counts(name, benchmark):
    assert benchmark.license
    assert benchmark.repository.count("/") == 1
    assert benchmark.rows
    assert all(count > 0 for count in benchmark.rows.values())


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
    parquet.write(frame, tmp_path / "train.parquet", parquet.QUERIES)
    again = parquet.read(tmp_path / "train.parquet", parquet.QUERIES)
    assert list(again["id"]) == list(frame["id"])
    assert list(again.columns) == parquet.QUERIES.names
    parquet.write(frame, tmp_path / "train.truths.parquet", parquet.TRUTHS)
    truths = parquet.read(tmp_path / "train.truths.parquet", parquet.TRUTHS)
    assert list(truths["query_id"]) == list(frame["id"])
    assert list(truths["ground_truth"].fillna("null")) == list(frame["ground_truth"].fillna("null"))


@pytest.mark.parametrize("name", ["gsm8k", "mmlu", "mbpp_plus"])
def test_the_same_seed_gives_the_same_tables_and_another_seed_others(built, name):
    again = data.build(name, "generated", SIZES, seed=0)
    other = data.build(name, "generated", SIZES, seed=1)
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
        data.build(name, "generated", {"train": most, "test": 1}, seed=0)


def test_all_items_of_a_finite_stand_in_can_be_had():
    most = generated.limit("piqa")
    assert len(data.build("piqa", "generated", {"train": most}, seed=0)["train"]) == most


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


@pytest.mark.parametrize("name", [name for name in data.NAMES if DOMAINS[name] != "code"])
def test_a_teacher_without_noise_is_right_and_with_noise_is_often_wrong(name):
    rng = Random(0)
    for noise, least, most in ((0.0, 1.0, 1.0), (0.4, 0.2, 0.9)):
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
        programs.ProgramProblem("mbpp_plus", f, k, programs.QUESTION_FORMS["mbpp_plus"][0])
        for f in range(12)
        for k in (2, 5)
    ]
    for task in tasks:
        for other in tasks:
            assert passes(other.respond(Random(0), 0.0), task.tests) == (other == task)


def test_the_tests_of_a_code_item_follow_the_verifiers_format():
    tests = json.loads(
        programs.ProgramProblem("humaneval_plus", 0, 3, programs.QUESTION_FORMS["humaneval_plus"][0]).tests
    )
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
        numbers = [word.strip(".,:?}") for word in words if any(character.isdigit() for character in word)]
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
        data.build(*arguments)
