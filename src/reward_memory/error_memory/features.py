"""Feature of a response: each layer's logit of its answer's first token, and that token's place; or its answer."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from functools import cache
from itertools import accumulate
from typing import Any, Literal

import numpy as np

from reward_memory.errors import InputError

#: Marks before the final answer; the group is the answer's first non-blank character.
MARKS = {
    "boxed": re.compile(r"\\boxed\s*\{\s*([^\s}])"),
    "hash": re.compile(r"####\s*([^\s#])"),
}


def pieces(tokenizer: Any) -> Callable[[int], str]:
    """Return a function from a token of a transformers tokenizer to its text, "" for a special token.

    A token that is part of a character gives U+FFFD, and SentencePiece drops the space before a word. Neither moves a
    mark, which is ASCII, to another token.
    """

    @cache
    def piece(token: int) -> str:
        return tokenizer.decode([token], skip_special_tokens=True, clean_up_tokenization_spaces=False)

    return piece


def answer_position(tokens: Sequence[int], piece: Callable[[int], str], form: str) -> int | None:
    """Index p of the token just before the first token of the final answer, None if there is no answer.

    tokens  of the response only, as generated
    piece   text of one token, see `pieces`
    form    boxed: the content of the last non-empty `\\boxed{}`; hash: what follows the last `####`

    The answer's first token is the one with its first non-blank character, so p + 1 always exists. In the common case
    p is the token that ends with `{`, or the last token of `#### `. If a tokenizer merges the mark and the answer's
    first character, as in `{-` or `{\\`, the merged token is the answer's first and p is the token before it; None if
    there is none before it.

    ValueError if the form is unknown.
    """
    if form not in MARKS:
        raise ValueError(f"the answer form {form!r} is not one of {', '.join(MARKS)}")
    texts = [piece(int(token)) for token in tokens]
    marks = list(MARKS[form].finditer("".join(texts)))
    if not marks:
        return None
    ends = np.fromiter(accumulate(map(len, texts)), np.int64, len(texts))
    first = int(np.searchsorted(ends, marks[-1].start(1), side="right"))
    return first - 1 if first else None


def select(logits: np.ndarray, last: int | Literal["all"] = 14, differences: bool = False) -> np.ndarray:
    """Vectors to remember, from the logits of all layers.

    logits       (n, L) of the token at p + 1, predicted from position p by each layer, first layer first
    last         number of layers, counted from the last one, or all
    differences  first take each layer's difference to the one before it, which leaves L - 1
    returns      (n, d) float32

    InputError if the policy has fewer layers.
    """
    layers = logits.shape[1]
    if differences:
        logits = np.diff(logits, axis=1)
    taken = logits.shape[1] if last == "all" else last
    if not 1 <= taken <= logits.shape[1]:
        raise InputError(
            f"error_memory: last_layers: {taken} cannot be taken from the {logits.shape[1]} "
            f"{'differences' if differences else 'layers'} of a policy with {layers} layers; lower it or set it to all."
        )
    return np.ascontiguousarray(logits[:, -taken:], np.float32)


def answer_vectors(keys: Sequence[str]) -> np.ndarray:
    """Vectors to remember instead of logits: equal for equal answers, different for different ones.

    keys     (n,) `answer_key` of each response, "" for none
    returns  (n, 4) float32, integers below 2**16: 64 bits of a hash; NaN for a response without an answer
    """
    hashed = [hashlib.blake2b(key.encode(errors="surrogatepass"), digest_size=8).digest() for key in keys]
    out = np.frombuffer(b"".join(hashed), "<u2").reshape(len(keys), 4).astype(np.float32)
    out[[not key for key in keys]] = np.nan
    return out
