"""The verifier: whether a matter whose customer fell silent is settled, by one call of the judge's model, which wrote none of it."""

from triage.agents import judge
from triage.agents.crew import Crew
from triage.agents.spotlight import notice
from triage.briefs import Settled, SettledBrief

ROLE = "verifier"
Said = tuple[str, str]
"""CUSTOMER or DESK, and what they wrote."""


async def settled(crew: Crew, said: list[Said]) -> Settled:
    """What the model says of a conversation. Raises what the model raises, or BadAnswer.

    Each message is fenced for itself, under who wrote it: no text can pass part of itself off as somebody else's word.
    """
    model = crew.models[judge.ROLE][0]
    messages = [crew.fenced(who, text) for who, text in said]
    prompt = [notice(crew.marker), "The conversation, the oldest message first:", *messages]
    return await crew.once(
        ROLE, model, prompt="\n\n".join(prompt), brief=SettledBrief(messages=[text for _, text in said]), output=Settled
    )
