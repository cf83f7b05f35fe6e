import numpy as np
import pytest

from reward_memory.error_memory.features import answer_position, answer_vectors, pieces, select
from reward_memory.errors import InputError
from reward_memory.policies.bootstrap.tokenizer import TURN_END, train_tokenizer

LOGITS = np.array([[1.0, 4.0, 9.0, 16.0], [0.0, 0.0, 1.0, 0.0]])


def answered(texts: list[str], form: str = "boxed") -> tuple[str, str] | None:
    """(the token at p, the token at p + 1) of a response given as its tokens' texts."""
    position = answer_position(range(len(texts)), texts.__getitem__, form)
    return None if position is None else (texts[position], texts[position + 1])


# --- where the answer begins, token by token


def test_the_position_is_the_brace_of_the_last_box():
    texts = ["so ", "\\", "boxed", "{", "3", "}", " or ", "\\", "boxed", "{", "4", "2", "}", "."]
    assert answer_position(range(len(texts)), texts.__getitem__, "boxed") == 9


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["\\boxed{", "5", "}"], ("\\boxed{", "5")),
        (["\\boxed", "{", "\\", "frac", "{", "1", "}{", "2", "}}"], ("{", "\\")),
        (["\\boxed", "{\n", " 5", "}"], ("{\n", " 5")),
        (["\\boxed", "{", " ", "5", "}"], (" ", "5")),
        (["\\boxed", " {", "5}"], (" {", "5}")),
        (["\\boxed", "{", "5"], ("{", "5")),  # cut off
        (["\\boxed", "{", "\ufffd", "\ufffd", "}"], ("{", "\ufffd")),
    ],
)
def test_the_position_is_just_before_the_token_with_the_answers_first_character(texts, expected):
    assert answered(texts) == expected


@pytest.mark.parametrize("joint", ["{-", "{\\", "{(", "{5}", "{ 5"])
def test_a_token_that_joins_brace_and_answer_is_the_answers_first(joint):
    assert answered(["is ", "\\", "boxed", joint, "5", "}"]) == ("boxed", joint)


@pytest.mark.parametrize(
    "texts",
    [
        [],
        ["the answer is ", "5"],
        ["\\boxed", "{"],  # nothing follows
        ["\\boxed", "{", " "],
        ["\\boxed", "{", "}"],
        ["\\boxed", "{", ""],  # a special token follows
        ["\\boxed", " 5"],
        ["\\boxed{5}"],  # no token stands before the answer's
    ],
)
def test_without_an_answer_there_is_no_position(texts):
    assert answered(texts) is None


def test_an_empty_box_is_passed_over():
    assert answered(["\\boxed", "{", "7", "}", "\\boxed", "{", "}"]) == ("{", "7")


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["a", "\n", "####", " 42", ""], ("####", " 42")),
        (["####", " ", "4", "2"], (" ", "4")),
        (["##", "## ", "4", "2"], ("## ", "4")),
        (["####", " 1", " ####", " 2", "\n"], (" ####", " 2")),
        (["####", "\n", "5"], ("\n", "5")),
        (["x", "####5", "6"], ("x", "####5")),
        (["####", " "], None),
        (["####", ""], None),
        (["\\boxed", "{", "5", "}"], None),
    ],
)
def test_after_hashes_the_position_is_the_last_token_of_the_mark(texts, expected):
    assert answered(texts, "hash") == expected


def test_an_unknown_form_is_an_error():
    with pytest.raises(ValueError, match="'box' is not one of boxed, hash"):
        answer_position([], str, "box")


# --- with tokenizers


@pytest.fixture(scope="module")
def tiny():
    return train_tokenizer(0)


def tokens_around(tokenizer, response: str, form: str) -> tuple[str, str]:
    tokens = tokenizer(response)["input_ids"]
    position = answer_position(tokens, pieces(tokenizer), form)
    return tokenizer.decode([tokens[position]]), tokenizer.decode([tokens[position + 1]])


@pytest.mark.parametrize(
    ("response", "form", "expected"),
    [
        ("3 + 4 = 7\n#### 7" + TURN_END, "hash", ("####", " 7")),
        ("#### 199" + TURN_END, "hash", ("####", " 199")),
        ("#### 4321" + TURN_END, "hash", ("####", " 43")),
        ("so \\boxed{ 42}." + TURN_END, "boxed", ("{", " 42")),
        ("so \\boxed{42}." + TURN_END, "boxed", ("{", "4")),
    ],
)
def test_it_is_right_with_the_tiny_policys_tokenizer(tiny, response, form, expected):
    assert tokens_around(tiny, response, form) == expected


def test_the_end_of_a_turn_is_no_answer_of_the_tiny_policy(tiny):
    tokens = tiny("#### " + TURN_END)["input_ids"]
    assert answer_position(tokens, pieces(tiny), "hash") is None


@pytest.fixture(scope="module")
def joining():
    """A byte-pair tokenizer that joins braces with their neighbors, as Qwen2's does, and cuts emoji into bytes."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    corpus = ["\\boxed{-5}", "\\boxed{\\frac{1}{2}}", "\\boxed{(1, 2)}", "\\boxed{12}", " #### 12"] * 50
    bpe.train_from_iterator(
        corpus,
        trainers.BpeTrainer(vocab_size=330, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False),
    )
    return PreTrainedTokenizerFast(tokenizer_object=bpe)


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        ("thus \\boxed{12}", ("{", "12")),
        ("thus \\boxed{-5}", ("boxed", "{-")),
        ("🦊 é thus \\boxed{\\frac{1}{2}} 🦊", ("boxed", "{\\")),
        ("first \\boxed{12}, or rather \\boxed{(1, 2)}", ("boxed", "{(")),
    ],
)
def test_it_is_right_with_a_tokenizer_that_joins_braces_with_neighbors(joining, response, expected):
    assert tokens_around(joining, response, "boxed") == expected


def test_an_answer_that_begins_with_a_cut_up_character_begins_with_its_first_byte(joining):
    tokens = joining("\\boxed{🦊}")["input_ids"]
    position = answer_position(tokens, pieces(joining), "boxed")
    assert joining.decode(tokens[: position + 1]) == "\\boxed{"
    assert joining.decode(tokens[position + 1 : position + 5]).startswith("🦊")


# --- which layers


def test_the_last_layers_are_taken():
    assert select(LOGITS, 2).tolist() == [[9, 16], [1, 0]]
    assert select(LOGITS, 2).dtype == np.float32


@pytest.mark.parametrize(("last", "taken"), [(1, [16, 0]), (3, [4, 9, 16, 0, 1, 0]), (4, LOGITS.ravel().tolist())])
def test_as_many_layers_are_taken_as_there_are_and_no_more(last, taken):
    assert select(LOGITS, last).ravel().tolist() == taken


def test_fourteen_layers_are_taken_unless_another_number_is_asked_for():
    logits = np.arange(32.0).reshape(2, 16)
    assert select(logits).tolist() == [list(range(2, 16)), list(range(18, 32))]


def test_all_layers_can_be_taken():
    assert select(LOGITS, "all").tolist() == LOGITS.tolist()


def test_differences_are_taken_before_the_last_layers_are():
    assert select(LOGITS, 2, differences=True).tolist() == [[5, 7], [1, -1]]
    assert select(LOGITS, "all", differences=True).tolist() == [[3, 5, 7], [0, 1, -1]]


@pytest.mark.parametrize(
    ("last", "differences", "there"), [(5, False, "4 layers"), (4, True, "3 differences"), (0, False, "4 layers")]
)
def test_more_layers_than_there_are_is_an_error_for_the_user(last, differences, there):
    with pytest.raises(InputError) as error:
        select(LOGITS, last, differences)
    assert str(error.value) == (
        f"error_memory: last_layers: {last} cannot be taken from the {there} of a policy with 4 layers; lower it or "
        "set it to all."
    )


def test_equal_answers_have_equal_vectors_and_others_do_not():
    found = answer_vectors(["7", "8", "7", "", "7 "])
    assert (found[0] == found[2]).all()
    assert len(np.unique(found[[0, 1, 4]], axis=0)) == 3
    assert np.isnan(found[3]).all()
    assert np.isfinite(found[[0, 1, 2, 4]]).all()


def test_a_vector_of_an_answer_is_exact_in_the_memorys_numbers():
    # whole numbers that float32 holds: what is written and read again is equal
    found = answer_vectors([str(number) for number in range(2000)])
    assert (found == found.astype(np.int64)).all()
    assert found.max() < 2**16
    assert len(np.unique(found, axis=0)) == 2000
    assert answer_vectors([]).shape == (0, 4)
