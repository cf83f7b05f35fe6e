"""Nearest other responses to the same query, by the embedding of their thinking."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def sibling_edges(thinking: Tensor, group: Tensor, count: int) -> Tensor:
    """(2, e) rows of (sender, receiver): each response receives from its `count` nearest siblings (same query).

    thinking  (r, d) embeddings, compared by cosine
    group     (r,) int64 in [0, q): the query of each response, in any order
    count     at least 1; a response with fewer siblings receives from all of them, possibly none

    Receivers are ordered by query.
    """
    order = torch.argsort(group, stable=True)
    sizes = torch.bincount(group)
    starts = sizes.cumsum(0) - sizes
    largest = int(sizes.max()) if len(sizes) else 0
    if largest < 2:
        return group.new_empty(2, 0)
    places = torch.arange(largest, device=group.device)
    sorted_group = group[order]
    padded = thinking.new_zeros(len(sizes), largest, thinking.shape[1])
    own_places = torch.arange(len(group), device=group.device) - starts[sorted_group]
    padded[sorted_group, own_places] = functional.normalize(thinking[order], dim=-1)
    present = places < sizes[:, None]
    pairs = present[:, :, None] & present[:, None, :] & (places[:, None] != places)
    cosine = (padded @ padded.transpose(1, 2)).masked_fill(~pairs, -torch.inf)
    nearest = cosine.topk(min(count, largest - 1), -1)
    real = nearest.values > -torch.inf
    receivers = (starts[:, None, None] + places[None, :, None]).expand_as(real)[real]
    senders = (starts[:, None, None] + nearest.indices)[real]
    return torch.stack([order[senders], order[receivers]])
