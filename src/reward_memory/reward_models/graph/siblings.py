"""Which responses of one query think alike."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def sibling_edges(thinking: Tensor, group: Tensor, count: int) -> Tensor:
    """(2, e) rows of (sender, receiver): each response hears the nearest `count` other responses of its query.

    thinking  (r, d) embeddings, compared by cosine
    group     (r,) int64 in [0, q): the query of each response, in any order
    count     at least 1; a response with fewer siblings hears all of them, a single one nobody

    Receivers come in the order of their queries.
    """
    order = torch.argsort(group, stable=True)
    sizes = torch.bincount(group)
    starts = sizes.cumsum(0) - sizes
    most = int(sizes.max()) if len(sizes) else 0
    if most < 2:
        return group.new_empty(2, 0)
    places = torch.arange(most, device=group.device)
    sorted_group = group[order]
    padded = thinking.new_zeros(len(sizes), most, thinking.shape[1])
    own_places = torch.arange(len(group), device=group.device) - starts[sorted_group]
    padded[sorted_group, own_places] = functional.normalize(thinking[order], dim=-1)
    there = places < sizes[:, None]
    pairs = there[:, :, None] & there[:, None, :] & (places[:, None] != places)
    cosine = (padded @ padded.transpose(1, 2)).masked_fill(~pairs, -torch.inf)
    found = cosine.topk(min(count, most - 1), -1)
    real = found.values > -torch.inf
    receivers = (starts[:, None, None] + places[None, :, None]).expand_as(real)[real]
    senders = (starts[:, None, None] + found.indices)[real]
    return torch.stack([order[senders], order[receivers]])
