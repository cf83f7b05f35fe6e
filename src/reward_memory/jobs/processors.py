"""What the processor can do."""


def has_bfloat16() -> bool:
    """Whether it multiplies bfloat16 itself (AVX-512, AMX or ARM's); without, bfloat16 is slower than float32."""
    import torch

    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
