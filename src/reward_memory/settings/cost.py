"""Assumptions of cost estimates: the section `cost`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .base import NUMBER, Finite, Section, Share, Text, expected

Factor = Annotated[Finite, Field(ge=1, le=1000), expected("a number of at least 1"), NUMBER]
Batches = Annotated[Finite, Field(ge=1, le=10_000), expected("a number of at least 1"), NUMBER]
Utilization = Annotated[Share | None, expected("a share above 0 and at most 1, or null")]


class Cost(Section, json_schema_extra={"expected": "settings such as {gpu: h100}"}):
    """Assumptions of the estimate; no result depends on them."""

    gpu: Annotated[Text | None, expected("the name of a device in reference/hardware.yaml, or null")] = Field(
        default=None,
        description="Device of reference/hardware.yaml. Null is the CPU if the profile provides no GPU, else h100.",
    )
    response_share: Share = Field(default=0.5, description="Mean length of a response, as a share of max_new_tokens.")
    prompt_share: Share = Field(
        default=0.25, description="Mean length of a prompt, as a share of training.max_prompt_tokens."
    )
    generation_batches: Batches = Field(
        default=2, description="Batches that dynamic sampling draws per step, at most training.max_num_gen_batches."
    )
    padding: Factor = Field(default=1.5, description="Tokens that training computes, padding included, per real token.")
    training_utilization: Utilization = Field(
        default=None, description="Training: share of the device's peak. Null is that of reference/hardware.yaml."
    )
    prefill_utilization: Utilization = Field(
        default=None,
        description="Reading of prompts: share of the device's peak. Null is that of reference/hardware.yaml.",
    )
    bandwidth_utilization: Utilization = Field(
        default=None,
        description="Writing of responses: share of the memory's peak bandwidth. Null is that of "
        "reference/hardware.yaml.",
    )
