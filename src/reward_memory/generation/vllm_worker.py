"""One vLLM engine in a separate process, started by vllm_engine.

The process is separate because vLLM reads the devices from the environment only once, and because vLLM's child
processes import the main module again, which must not be a job's script.
"""

import json
import socket
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from reward_memory.errors import InputError
from reward_memory.jobs.scratch import name_shared_memory


class Worker:
    """A policy in vLLM; token ids go in and come out."""

    def __init__(self, folder: str, dtype: str, **options: Any):
        from transformers import AutoTokenizer
        from vllm import LLM, TokensPrompt

        self.prompt = TokensPrompt
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.ends = _end_tokens(Path(folder))
        # generation_config: the policy's own settings, such as a repetition penalty, would distort its distribution
        self.llm = LLM(folder, dtype=dtype, generation_config="vllm", **options)
        self.longest = self.llm.llm_engine.model_config.max_model_len

    def generate(self, prompts: list[list[dict]], seeds: list[int], sampling: dict[str, Any]) -> list[tuple]:
        """Return (text, tokens, finished) per prompt; InputError if a response may exceed the model's length."""
        ids = self.tokenizer.apply_chat_template(prompts, add_generation_prompt=True, return_dict=True)["input_ids"]
        needed = max(map(len, ids)) + sampling["max_tokens"]
        if needed > self.longest:
            raise InputError(
                f"max_model_len: {self.longest} tokens are too few for the longest prompt and max_new_tokens ({needed} "
                "together); raise max_model_len, or lower max_new_tokens."
            )
        outputs = self.llm.generate(
            [self.prompt(prompt_token_ids=prompt) for prompt in ids],
            [self._params(seed, sampling) for seed in seeds],
            use_tqdm=False,
        )
        responses = []
        for output in outputs:
            (one,) = output.outputs
            tokens = list(one.token_ids)
            text = self.tokenizer.decode(tokens, skip_special_tokens=True)
            responses.append((text, len(tokens), one.finish_reason == "stop"))
        return responses

    def _params(self, seed: int, sampling: dict[str, Any]) -> Any:
        from vllm import SamplingParams

        # only the policy's end tokens, as in the other engine; vLLM would add the tokenizer's
        return SamplingParams(
            **sampling, seed=seed, stop_token_ids=self.ends, ignore_eos=True, detokenize=False, skip_clone=True
        )


def _end_tokens(folder: Path) -> list[int]:
    """Read the end token ids of a policy folder from its generation settings, else its configuration; may be empty."""
    settings = folder / "generation_config.json"
    ends = json.loads((settings if settings.is_file() else folder / "config.json").read_text(encoding="utf-8")).get(
        "eos_token_id"
    )
    return ends if isinstance(ends, list) else [] if ends is None else [ends]


def serve(connection: Connection) -> None:
    """Create the engine that the first message describes, then answer each message until the other side closes.

    An answer is ("ok", value), or ("input error" | "error", sentence) after which the process ends.
    """
    try:
        worker = Worker(**connection.recv())
        connection.send(("ok", None))
        while True:
            connection.send(("ok", worker.generate(*connection.recv())))
    except EOFError:
        return
    except InputError as error:
        connection.send(("input error", str(error)))
    except Exception as error:
        connection.send(("error", f"{type(error).__name__}: {error}"))
        raise


def main() -> None:
    """Serve on the connected socket whose descriptor is the first argument."""
    name_shared_memory()
    serve(Connection(socket.socket(fileno=int(sys.argv[1])).detach()))
