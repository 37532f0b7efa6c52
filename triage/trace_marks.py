"""What a step is marked with: answered from a cache, answered by another model than the one asked first."""

from collections.abc import Sequence

from triage.models import RunStep


def marks(steps: Sequence[RunStep]) -> dict[int, list[str]]:
    """Marks by the ordinal of their step; steps without any are left out."""
    found: dict[int, list[str]] = {}
    before: RunStep | None = None
    for step in steps:
        if step.kind != "model":
            continue
        said = [cached(step)] if cached(step) else []
        if before is not None and before.error and before.role == step.role and before.name != step.name:
            said.append(f"instead of {before.name}")
        if said:
            found[step.ordinal] = said
        before = step
    return found


def cached(step: RunStep) -> str:
    """How much of a model's answer came from a cache, in a few words; empty when nothing did."""
    usage = step.response.get("usage")
    if step.kind != "model" or step.error or not isinstance(usage, dict):
        return ""
    reused = usage.get("cached_tokens") or 0
    if reused:
        return f"{reused:,} tokens from the cache"
    paid = step.input_tokens or step.output_tokens
    return "" if paid or step.name in ("offline", "") or "cached_tokens" not in usage else "kept answer"
