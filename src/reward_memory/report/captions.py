"""Text about a run's intervals, for captions."""


def intervals(seeds: int, redrawn: bool = False) -> str:
    """Sentences on what the intervals cover in a run with this number of seeds.

    redrawn  whether each seed draws its own labeled queries
    """
    if seeds == 1:
        return (
            "Intervals are 95 % and cover the choice of queries only: this run has one seed, so they say nothing about "
            "what another seed would give."
        )
    luck = (
        "Each seed draws labeled queries of its own, so the luck of that draw is in them."
        if redrawn
        else "All seeds share the labeled queries, so the luck of that draw is not in them."
    )
    free = f"{seeds - 1} degree{'s' if seeds > 2 else ''} of freedom"
    return (
        f"Intervals are 95 % and cover the choice of queries and of the {seeds} seeds (Student's t with {free}). {luck}"
    )
