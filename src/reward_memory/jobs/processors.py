"""Capabilities of the processor."""


def has_bfloat16() -> bool:
    """Whether the CPU multiplies bfloat16 in hardware (AVX-512, AMX or ARM's); if not, float32 is faster."""
    import torch

    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
