"""The tiny policy's tokenizer: Qwen2's, with a small vocabulary and one token for each small number."""

from collections.abc import Sequence
from random import Random
from typing import Any

from reward_memory.data import generated
from reward_memory.data.registry import NAMES

#: Qwen2's pre-tokenizer. For model_type qwen2, AutoTokenizer restores it whatever is saved, so no other would work.
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
END_OF_TEXT, TURN_START, TURN_END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
MERGED_VOCABULARY = 1024
NUMBERS = 200  # " 0" to " 199": with one token per digit the policy does not learn to add
CORPUS_ITEMS = 4000
CONTEXT = 512  # positions of the tiny policy


def train_tokenizer(seed: int, names: Sequence[str] = NAMES) -> Any:
    """Train a byte-level BPE on the teacher's texts for `names`; return a transformers tokenizer that pads on the left.

    `<|im_end|>` ends a turn (eos), `<|endoftext|>` pads. Loads identically with AutoTokenizer.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    rng = Random(seed)
    corpus = ["user\n", "assistant\n", "system\n"] * 500
    for _ in range(CORPUS_ITEMS):
        problem = generated.draw(rng.choice(names), rng)
        corpus += [problem.question, problem.respond(rng, 0.3)]
    bpe = Tokenizer(models.BPE())
    bpe.normalizer = normalizers.NFC()
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    bpe.decoder = decoders.ByteLevel()
    bpe.train_from_iterator(
        corpus,
        trainers.BpeTrainer(
            vocab_size=MERGED_VOCABULARY,
            special_tokens=[END_OF_TEXT, TURN_START, TURN_END],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    bpe.add_tokens([AddedToken(f" {number}", normalized=False) for number in range(NUMBERS - 1, -1, -1)])
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        eos_token=TURN_END,
        pad_token=END_OF_TEXT,
        additional_special_tokens=[TURN_START],
        chat_template=CHAT_TEMPLATE,
        padding_side="left",
        model_max_length=CONTEXT,
    )
