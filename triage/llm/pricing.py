"""What a call costs: list prices in USD per million tokens, which the setting TRIAGE_PRICES overrides."""

from collections.abc import Mapping
from typing import TypeVar

from triage.llm.protocol import Usage

T = TypeVar("T")

# model: (input, cached input, output); a dated name such as gpt-5-2025-08-07 has the price of gpt-5
PRICES: dict[str, tuple[float, float, float]] = {
    "gpt-5": (1.25, 0.125, 10.0),
    "gpt-5-mini": (0.25, 0.025, 2.0),
    "gpt-5-nano": (0.05, 0.005, 0.40),
    "gpt-4.1": (2.0, 0.50, 8.0),
    "gpt-4.1-mini": (0.40, 0.10, 1.60),
    "gpt-4.1-nano": (0.10, 0.025, 0.40),
    "gpt-4o": (2.50, 1.25, 10.0),
    "gpt-4o-mini": (0.15, 0.075, 0.60),
    "o3": (2.0, 0.50, 8.0),
    "o4-mini": (1.10, 0.275, 4.40),
}


def cost(model: str, usage: Usage, prices: Mapping[str, tuple[float, float]] | None = None) -> float:
    """USD for one call. `prices` (input, output) come first and have no discount for cached tokens.

    A model without a price costs 0: the token limits still hold.
    """
    if own := _priced(model, prices or {}):
        fresh, cached, output = own[0], own[0], own[1]
    elif listed := _priced(model, PRICES):
        fresh, cached, output = listed
    else:
        return 0.0
    reused = min(usage.cached_tokens, usage.input_tokens)
    total = (usage.input_tokens - reused) * fresh + reused * cached + usage.output_tokens * output
    return total / 1_000_000


def _priced(model: str, prices: Mapping[str, T]) -> T | None:
    """The price under the model's name, or under the name without its date."""
    stem, _, date = model.partition("-20")
    return prices.get(model) or (prices.get(stem) if date else None)
