"""The files of a mirror folder that hold a benchmark's source splits, in their original form or the hub's."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..registry import BENCHMARKS, READERS, REGISTERED
from . import choice_rows, code_rows, math_rows
from .formats import matches
from .rows import Parser, Row


class File(NamedTuple):
    """One form in which a source split is published.

    pattern  glob below the release's folder; all matching files are read one after the other. After a `!` follows a
             glob over the members of a zip archive
    labels   likewise, for a file with one label per line
    rows     rows of the complete file if not the registry's number; several numbers if several are known
    """

    pattern: str
    labels: str | None = None
    rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class Split:
    """A source split of a release.

    name        in ids
    files       its forms; the first one that is present is read
    parse       a released row -> Row
    folder      below the mirror
    optional    the benchmark can be used without it
    unlabeled  published without answers: rows without one are dropped
    """

    name: str
    files: tuple[File, ...]
    parse: Parser
    folder: str
    optional: bool = False
    unlabeled: bool = False

    def find(self, paths: Iterable[str]) -> tuple[File, list[str]] | None:
        """Return the first form that is among `paths` (relative to the folder), and the paths that belong to it.

        If a file is there both plain and gzipped, the plain one is used.
        """
        paths = sorted(paths)
        for file in self.files:
            chosen: dict[str, str] = {}
            for path in paths:
                if matches(path, file.pattern.split("!")[0]):
                    chosen.setdefault(path.removesuffix(".gz"), path)
            if chosen:
                return file, list(chosen.values())
        return None


@dataclass(frozen=True)
class Release:
    """The source splits of a benchmark.

    any_of   only the first split that is present is read
    repeats  the release repeats problems; only the first occurrence is used
    """

    splits: tuple[Split, ...]
    any_of: bool = False
    repeats: bool = False


#: Names of source splits on the hub where they differ.
HUB_NAMES = {"valid": ("validation", "valid", "val")}


def _hub(split: str, config: str = "") -> tuple[File, ...]:
    """The hub's forms of a split: its files put directly into the folder, or a copy of the repository."""
    folders = ("", "data/", *([f"{config}/"] if config else []))
    forms = []
    for name in HUB_NAMES.get(split, (split,)):
        for folder in folders:
            forms += [File(f"{folder}{name}.jsonl"), File(f"{folder}{name}.parquet"), File(f"{folder}{name}-*.parquet")]
        # the hub's own conversion of other formats
        forms.append(File(f"{config or '*'}/{name}/*.parquet"))
    return tuple(forms)


def _split(name: str, parse: Parser, folder: str, *files: File | str, config: str = "", **more: bool) -> Split:
    listed = tuple(file if isinstance(file, File) else File(file) for file in files)
    return Split(name, (*listed, *_hub(name, config)), parse, folder, **more)


def _test_only(folder: str, parse: Parser, *files: File | str) -> Release:
    return Release((_split("test", parse, folder, *files),))


def _registered(name: str) -> Release:
    """A registered benchmark: its file is imported when the first row is parsed, since planning needs no rows."""

    def parse(row: Any) -> Row:
        return READERS.find(name)(row)

    return Release(tuple(_split(split, parse, name) for split in REGISTERED[name].rows))


_SIQA, _PIQA = choice_rows.social_question, choice_rows.physical_question
_OPTIONS = choice_rows.labeled_options
_MMLU = choice_rows.subject_question

# EleutherAI/hendrycks_math has one folder per subject
_MATH = (
    _split("train", math_rows.solved_problem, "math", "train_verl.parquet", config="*"),
    _split("test", math_rows.solved_problem, "math", config="*"),
)

RELEASES = {
    "gsm8k": Release(tuple(_split(name, math_rows.word_problem, "gsm8k", config="main") for name in ("train", "test"))),
    "math": Release(_MATH),
    "gsm_symbolic": Release(
        tuple(
            Split(
                name,
                tuple(
                    File(pattern)
                    for pattern in (
                        f"GSM_{old}.jsonl",
                        f"{name}/test.jsonl",
                        f"{name}/test-*.parquet",
                        f"{name}/test/*.parquet",
                        f"{name}.parquet",
                    )
                ),
                math_rows.symbolic_problem,
                "gsm_symbolic",
            )
            for name, old in (("main", "symbolic"), ("p1", "p1"), ("p2", "p2"))
        ),
        any_of=True,
    ),
    "mmlu": Release(
        tuple(
            _split(name, _MMLU, "mmlu", f"mmlu.zip!data/{old}/*_{old}.csv", config="all")
            for name, old in (("test", "test"), ("valid", "val"), ("dev", "dev"))
        )
    ),
    "commonsenseqa": Release(
        (
            _split("train", _OPTIONS, "commonsenseqa", "train_rand_split.jsonl"),
            _split("valid", _OPTIONS, "commonsenseqa", "dev_rand_split.jsonl"),
            _split(
                "test", _OPTIONS, "commonsenseqa", "test_rand_split_no_answers.jsonl", optional=True, unlabeled=True
            ),
        )
    ),
    "obqa": Release(
        tuple(
            _split(name, _OPTIONS, "openbookqa", f"{old}.jsonl", config="main")
            for name, old in (("train", "train"), ("valid", "dev"), ("test", "test"))
        )
    ),
    "arc_c": Release(
        (
            _split(
                "train",
                _OPTIONS,
                "arc_challenge",
                "ARC-Challenge-Train.jsonl",
                File("train_1056_hub_shape.jsonl", rows=(1056,)),
                config="ARC-Challenge",
            ),
            _split("valid", _OPTIONS, "arc_challenge", "ARC-Challenge-Dev.jsonl", config="ARC-Challenge"),
            _split("test", _OPTIONS, "arc_challenge", "ARC-Challenge-Test.jsonl", config="ARC-Challenge"),
        )
    ),
    "gpqa": Release((_split("train", choice_rows.expert_question, "gpqa", "gpqa_diamond.csv", config="gpqa_diamond"),)),
    "humaneval_plus": _test_only("humaneval_plus", code_rows.completion_task, "HumanEvalPlus.jsonl"),
    "mbpp_plus": _test_only("mbpp_plus", code_rows.writing_task, "MbppPlus.jsonl"),
    "numina_math": Release(
        (
            _split("train", math_rows.solved_problem, "numina_math", File("NM_20K.parquet", rows=(20000,))),
            _split("test", math_rows.solved_problem, "numina_math", optional=True),
        )
    ),
    "siqa": Release(
        tuple(
            _split(
                name,
                _SIQA,
                "siqa",
                File(f"socialiqa-train-dev.zip!*/{old}.jsonl", f"socialiqa-train-dev.zip!*/{old}-labels.lst"),
                File(f"{old}.jsonl", f"{old}-labels.lst"),
            )
            for name, old in (("train", "train"), ("valid", "dev"))
        )
    ),
    "piqa": Release(
        (
            _split("train", _PIQA, "piqa", File("train.jsonl", "train-labels.lst"), optional=True),
            _split("valid", _PIQA, "piqa", File("valid.jsonl", "valid-labels.lst")),
            _split("test", _PIQA, "piqa", "tests.jsonl", optional=True, unlabeled=True),
        )
    ),
    "dapo_math_17k": Release(
        (
            # first, because DAPO repeats many of its problems, some with wrong answers
            Split("math", _MATH[0].files, math_rows.hard_problem, "math"),
            Split(
                "dapo",
                (
                    File("train.parquet"),
                    *_hub("train", "all"),
                    # BytedTsinghua-SIA/DAPO-Math-17k: every problem a hundred times
                    File("dapo-math-17k.parquet", rows=(1791700,)),
                    File("data/dapo-math-17k.parquet", rows=(1791700,)),
                ),
                math_rows.training_problem,
                "dapo_math_17k",
            ),
        ),
        repeats=True,
    ),
    "aime24": Release(
        (
            Split(
                "test",
                (
                    File("aime2024.jsonl"),
                    *_hub("test"),
                    *_hub("train"),
                    # BytedTsinghua-SIA/AIME-2024: every problem 32 times
                    File("aime-2024.parquet", rows=(960,)),
                    File("data/aime-2024.parquet", rows=(960,)),
                ),
                math_rows.competition_problem,
                "aime",
            ),
        ),
        repeats=True,
    ),
    "amc23": _test_only("amc", math_rows.competition_problem, "amc23.jsonl"),
    "math500": _test_only("math500", math_rows.problem),
    "minerva": _test_only("minerva", math_rows.problem),
    # the hub has 674 of the 675 problems
    "olympiadbench": _test_only(
        "olympiadbench", math_rows.problem, *(file._replace(rows=(674, 675)) for file in _hub("test"))
    ),
    **{name: _registered(name) for name in REGISTERED},
}


def expected_rows(name: str, split: str, file: File) -> tuple[int, ...]:
    """Return the row counts that a complete release may have in this form of a source split."""
    return file.rows or (BENCHMARKS[name].rows[split],)
