"""The verifier: whether a matter whose customer fell silent is settled, by one call of the judge's model, which wrote none of it."""

from triage.agents import judge
from triage.agents.crew import Crew
from triage.agents.spotlight import notice
from triage.briefs import Settled, SettledBrief

ROLE = "verifier"


async def settled(crew: Crew, said: list[str]) -> Settled:
    """What the model says of a conversation: each message behind who wrote it. Raises what the model raises, or BadAnswer."""
    model = crew.models[judge.ROLE][0]
    prompt = [
        notice(crew.marker),
        "The conversation, the oldest message first:\n" + crew.fenced("CONVERSATION", "\n\n".join(said)),
    ]
    return await crew.once(ROLE, model, prompt="\n\n".join(prompt), brief=SettledBrief(messages=said), output=Settled)
