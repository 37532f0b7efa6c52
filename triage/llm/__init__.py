"""Models behind one protocol: an OpenAI-compatible service, the offline engine, and scripts for tests.

`protocol` is the seam, `chain` puts recording, gate and fallback around any model, `models_for` reads the settings.
Importing this package does not import the openai client; the first service model that is built does.
"""

from triage.llm.protocol import Gate, Model, Request, Response, ToolCall, ToolSpec, Usage
from triage.settings import Settings

ROLES = ("manager", "analyst", "writer", "reviewer")

__all__ = ["ROLES", "Gate", "Model", "Request", "Response", "ToolCall", "ToolSpec", "Usage", "models_for"]


def models_for(settings: Settings) -> dict[str, list[Model]]:
    """The models of each role in the order they are tried: the chosen one, the cheaper one, the offline engine.

    "ranker" is there only when a model is set for it, and has no other: without it the searches' order stands.
    """
    from triage.llm.offline import OfflineModel

    offline = OfflineModel()
    if not settings.uses_service:
        return {role: [offline] for role in ROLES}
    from triage.llm.openai import OpenAIModel

    built: dict[str, Model] = {}

    def named(name: str) -> Model:
        return built.setdefault(name, OpenAIModel(name, settings))

    chains: dict[str, list[Model]] = {}
    for role in ROLES:
        names = dict.fromkeys(name for name in (getattr(settings, f"model_{role}"), settings.model_fallback) if name)
        chains[role] = [*map(named, names), offline]
    if settings.model_ranker:
        chains["ranker"] = [named(settings.model_ranker)]
    return chains
