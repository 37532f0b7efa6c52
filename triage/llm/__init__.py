"""Models behind one protocol: an OpenAI-compatible service, the offline engine, and scripts for tests.

`protocol` is the seam, `chain` puts recording, gate and fallback around any model, `models_for` reads the settings.
Importing this package does not import the openai client; the first service model that is built does.
"""

from triage.llm.protocol import Gate, Model, Request, Response, ToolCall, ToolSpec, Usage
from triage.settings import Settings

ROLES = ("manager", "analyst", "writer", "reviewer")
EXTRAS = ("ranker", "judge")

__all__ = ["EXTRAS", "ROLES", "Gate", "Model", "Request", "Response", "ToolCall", "ToolSpec", "Usage", "models_for"]


def models_for(settings: Settings) -> dict[str, list[Model]]:
    """The models of each role in the order they are tried: the chosen one, the cheaper one, the offline engine.

    "ranker" and "judge" are there only when a model is set for them, and have no other: without it what code found stands.
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
    for role in EXTRAS:
        if name := getattr(settings, f"model_{role}"):
            chains[role] = [named(name)]
    return chains
