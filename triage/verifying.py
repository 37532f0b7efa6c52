"""Matters that are taken for settled because the customer was silent, as a second model reads them: the one that judges drafts.

Works only where the settings name that model (TRIAGE_MODEL_JUDGE). What it says changes a figure and nothing else: a matter it
calls settled counts as verified, by a model, until the customer says otherwise.
"""

import asyncio
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from sqlmodel import Session, col, select

from triage import audit, confirming
from triage.agents import judge
from triage.agents.crew import Crew
from triage.agents.toolbox import ToolContext
from triage.agents.verifier import settled
from triage.briefs import Settled
from triage.errors import BadAnswer, ModelError, ModelRefused
from triage.models import Episode, Message, Ticket, new_id, now
from triage.recording import Unrecorded

if TYPE_CHECKING:
    from triage.office import Desk

_AT_ONCE = 20
_SINCE = timedelta(days=7)  # a model that is set for the first time does not judge years
_STARTED = timedelta(days=90)  # only tells the database where to look
_MESSAGES, _CHARACTERS = 12, 4_000


def verify(desk: "Desk") -> str:
    """Ask the second model about matters it has not judged; without one nothing happens. A model that is down is asked again later."""
    if not desk.models.get(judge.ROLE):
        return "no second model"
    with desk.database.read() as session:
        waiting = due(session)
    return asyncio.run(_all(desk, waiting))


def due(session: Session) -> list[int]:
    """Episodes to ask about, the oldest first: answered, lately assumed to be resolved, not judged yet."""
    lately = (col(Episode.started_at) > now() - _STARTED, col(Episode.resolved_at) > now() - _SINCE)
    open_ = (Episode.resolution == "assumed", Episode.judged == "", col(Episode.eligible).is_(True), Episode.replies > 0)
    found = session.exec(
        select(Episode.id).where(*lately, *open_).order_by(col(Episode.resolved_at), col(Episode.id)).limit(_AT_ONCE)
    )
    return [number for number in found if number is not None]


async def _all(desk: "Desk", waiting: list[int]) -> str:
    for done, number in enumerate(waiting):
        try:
            said = await _judge(desk, number)
        except (BadAnswer, ModelRefused):
            said = Settled(settled="unsure", reason="The model gave no usable answer.")
        except ModelError as error:
            return f"{done} matters judged; {error}"
        await desk.database.run(partial(keep, number=number, said=said, model=desk.models[judge.ROLE][0].name))
    return f"{len(waiting)} matters judged"


async def _judge(desk: "Desk", number: int) -> Settled:
    with desk.database.read() as session:
        episode = session.get_one(Episode, number)
        ticket, said = session.get_one(Ticket, episode.ticket_id), conversation(session, episode)
    recorder = Unrecorded(desk.database, f"verify-{new_id()[:12]}")
    gate = desk.gate(recorder)
    context = ToolContext(desk.database, desk.searcher, ticket_id=0, customer_id=None, identity="none", recorder=recorder)
    models = await asyncio.to_thread(desk.covered, "\n".join(said), ticket.requester_name, ticket.requester_email)
    try:
        return await settled(Crew(desk.settings, models, gate, context), said)
    finally:
        await gate.close()


def conversation(session: Session, episode: Episode) -> list[str]:
    """The last messages between customer and desk, the oldest first, each behind who wrote it; notes among colleagues are left out."""
    own = select(Message).where(Message.ticket_id == episode.ticket_id, Message.episode_id == episode.id)
    between = own.where(col(Message.direction).in_(("in", "out"))).order_by(col(Message.id).desc()).limit(_MESSAGES)
    who = {"in": "Customer", "out": "Desk"}
    return [f"{who[message.direction]}: {message.body[:_CHARACTERS]}" for message in reversed(session.exec(between).all())]


def keep(session: Session, number: int, said: Settled, model: str) -> None:
    """Take down what the model said, unless the customer has said something meanwhile."""
    episode = session.get_one(Episode, number, with_for_update=True)
    if episode.resolution != "assumed" or episode.judged:
        return
    episode.judged = said.settled
    session.add(episode)
    if said.settled == "yes":
        confirming.confirm(session, episode, confirming.MODEL)
    audit.append(session, "judged_settled", actor=f"model:{model}", ticket_id=episode.ticket_id, episode=number, settled=said.settled, comment=said.reason[:400])  # fmt: skip
