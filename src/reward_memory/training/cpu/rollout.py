"""verl's rollout server on transformers: token ids in, token ids out, in batches that do not depend on timing."""

import asyncio
import os
from typing import Any

import ray
import torch
from verl.utils.config import omega_conf_to_dataclass
from verl.workers.rollout.base import BaseRollout
from verl.workers.rollout.replica import RolloutReplica, TokenOutput
from verl.workers.rollout.utils import ensure_async_iterator

from reward_memory.generation.decoding import decode

#: Responses decoded at once.
BATCH = 128
#: Seconds without a new request after which a wave that stays short is decoded all the same.
PATIENCE = 1.0


class TransformersServer:
    """Collects the requests of one step (a wave) and decodes them together, sorted.

    A request carries its wave's size in `sampling_params["wave"]`. Only a whole, sorted wave is cut into batches:
    float sums depend on a batch's shape, so a batch must not depend on which request came first.
    """

    def __init__(self, path: str, response_length: int):
        from transformers import AutoModelForCausalLM

        torch.set_num_threads(1)
        self.model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32).eval()
        self.response_length = response_length
        self.global_steps: int | None = None
        self.waiting: list[tuple[list[int], dict, asyncio.Future]] = []
        self.arrived = asyncio.Event()
        self.worker: asyncio.Task | None = None

    async def set_weights(self, state: dict[str, torch.Tensor], global_steps: int | None) -> None:
        own = dict(self.model.named_parameters())
        missing = own.keys() - state.keys()
        if missing:
            raise RuntimeError(f"weights of {len(missing)} parameters were not sent, such as {min(missing)}")
        with torch.no_grad():
            for name, parameter in own.items():
                parameter.copy_(state[name].to(parameter.dtype))
        self.global_steps = global_steps

    async def generate(self, prompt_ids: list[int], sampling_params: dict[str, Any], request_id: str, **kwargs):
        """One response; verl.workers.rollout.llm_server.LLMServerClient's contract."""
        answer = asyncio.get_running_loop().create_future()
        self.waiting.append((list(prompt_ids), sampling_params, answer))
        self.arrived.set()
        if self.worker is None or self.worker.done():
            self.worker = asyncio.create_task(self._decode_waves())
        return await answer

    async def _decode_waves(self) -> None:
        while self.waiting:
            while len(self.waiting) < self.waiting[0][1]["wave"]:
                self.arrived.clear()
                try:
                    await asyncio.wait_for(self.arrived.wait(), PATIENCE)
                except TimeoutError:
                    break
            wave, self.waiting = self.waiting, []
            wave.sort(key=lambda request: (len(request[0]), request[0], request[1]["seed"]))
            for start in range(0, len(wave), BATCH):
                part = wave[start : start + BATCH]
                try:
                    outputs = await asyncio.to_thread(self._decode, part)
                except Exception as error:
                    for *_, answer in wave[start:]:
                        answer.set_exception(error)
                    break
                for (*_, answer), output in zip(part, outputs, strict=True):
                    answer.set_result(output)

    def _decode(self, requests: list) -> list[TokenOutput]:
        sampling = requests[0][1]
        limit = sampling.get("max_tokens") or sampling.get("max_new_tokens") or self.response_length
        decoded = decode(
            self.model,
            [prompt for prompt, *_ in requests],
            [params["seed"] for _, params, _ in requests],
            temperature=float(sampling["temperature"]),
            top_p=float(sampling["top_p"]),
            max_new_tokens=limit,
            log_probs=bool(sampling.get("logprobs")),
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
        """Memory is never handed back between sampling and training on CPU."""

    wake_up = sleep = abort_all_requests = resume_generation = idle
    clear_kv_cache = release_kv_cache = resume_kv_cache = start_profile = stop_profile = idle


class TransformersReplica(RolloutReplica):
    """One server process a replica."""

    async def launch_servers(self):
        model = omega_conf_to_dataclass(self.model_config)
        name = f"transformers_server_{self.replica_rank}"
        server = (
            ray.remote(TransformersServer)
            .options(name=name, num_cpus=0, max_concurrency=4096)
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
            self.server = ray.get_actor(f"transformers_server_{self.rank}")
        await self.server.set_weights.remote(state, global_steps)
