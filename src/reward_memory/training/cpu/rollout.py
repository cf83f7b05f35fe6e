"""verl's rollout server on transformers: token ids in, token ids out, in batches."""

import asyncio
import os
from dataclasses import dataclass

import ray
import torch
from verl.utils.config import omega_conf_to_dataclass
from verl.workers.rollout.base import BaseRollout
from verl.workers.rollout.replica import RolloutReplica, TokenOutput
from verl.workers.rollout.utils import ensure_async_iterator

from reward_memory.generation.decoding import decode

#: Responses decoded at once.
BATCH = 128


@dataclass(frozen=True, slots=True)
class Request:
    """The tokens of one prompt, and the seed of one response to it."""

    prompt: list[int]
    seed: int

    @property
    def place(self) -> tuple:
        """Sort key of requests. Float sums depend on a batch's shape, so batches must not depend on arrival order."""
        return len(self.prompt), self.prompt, self.seed


def server_name(rank: int) -> str:
    """Name of the Ray actor that samples for a rank."""
    return f"transformers_server_{rank}"


class TransformersServer:
    """Server that decodes one batch after another with the weights that it received last."""

    def __init__(self, path: str, response_length: int):
        from transformers import AutoModelForCausalLM

        torch.set_num_threads(1)
        self.model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32).eval()
        self.response_length = response_length
        self.global_steps: int | None = None
        self.free = asyncio.Lock()

    async def set_weights(self, state: dict[str, torch.Tensor], global_steps: int | None) -> None:
        parameters = dict(self.model.named_parameters())
        missing = parameters.keys() - state.keys()
        if missing:
            raise RuntimeError(f"weights of {len(missing)} parameters were not sent, such as {min(missing)}")
        with torch.no_grad():
            for name, parameter in parameters.items():
                parameter.copy_(state[name].to(parameter.dtype))
        self.global_steps = global_steps

    async def generate(
        self, requests: list[Request], temperature: float, top_p: float, log_probs: bool
    ) -> list[TokenOutput]:
        """One response per request, of at most `response_length` tokens; temperature 0 is greedy."""
        async with self.free:
            return await asyncio.to_thread(self._decode, requests, temperature, top_p, log_probs)

    def _decode(self, requests: list[Request], temperature: float, top_p: float, log_probs: bool) -> list[TokenOutput]:
        decoded = decode(
            self.model,
            [request.prompt for request in requests],
            [request.seed for request in requests],
            temperature=temperature,
            top_p=top_p,
            max_new_tokens=self.response_length,
            log_probs=log_probs,
        )
        return [
            TokenOutput(
                token_ids=one.tokens,
                log_probs=one.log_probs,
                stop_reason="completed" if one.finished else "length",
                num_preempted=0,
                extra_fields={"global_steps": self.global_steps},
            )
            for one in decoded
        ]

    async def idle(self, *args, **kwargs) -> None:
        """Do nothing: on the CPU no memory is handed over between sampling and training."""

    wake_up = sleep = abort_all_requests = resume_generation = idle
    clear_kv_cache = release_kv_cache = resume_kv_cache = start_profile = stop_profile = idle


class TransformersReplica(RolloutReplica):
    """Replica with one server process."""

    async def launch_servers(self):
        model = omega_conf_to_dataclass(self.model_config)
        name = server_name(self.replica_rank)
        server = (
            ray.remote(TransformersServer)
            .options(name=name, num_cpus=0)
            .remote(model.local_path or model.path, self.config.response_length)
        )
        await server.idle.remote()
        self.servers = [server]
        self._server_handle, self._server_address = server, name


class TransformersWeights(BaseRollout):
    """The trainer's side: sends each rank's new weights to its server."""

    def __init__(self, config, model_config, device_mesh, **kwargs):
        super().__init__(config, model_config, device_mesh)
        self.rank = int(os.environ["RANK"])
        self.server = None

    async def resume(self, tags):
        """Nothing was released."""

    async def release(self):
        """Memory is shared with the trainer."""

    async def update_weights(self, weights, global_steps=None, **kwargs):
        state = {
            name: tensor.detach().to("cpu", torch.float32).clone()
            async for name, tensor in ensure_async_iterator(weights)
        }
        if self.server is None:
            self.server = ray.get_actor(server_name(self.rank))
        await self.server.set_weights.remote(state, global_steps)
