"""Matters that are taken for settled because the customer was silent, as a second model reads them: the one that judges drafts.

Works only where the settings name that model (TRIAGE_MODEL_JUDGE). What it says changes a figure and nothing else: a matter it
calls settled counts as verified, by a model, until the customer says otherwise.
"""

import asyncio
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from sqlmodel import Session, col, select

from triage import audit, confirming, locks
from triage.agents import judge
from triage.agents.crew import Crew
from triage.agents.toolbox import ToolContext
from triage.agents.verifier import Said, settled
from triage.briefs import Settled
from triage.errors import BadAnswer, BreakerOpen, ModelError, ModelRefused
from triage.models import Episode, Message, Ticket, new_id, now
from triage.recording import Unrecorded

if TYPE_CHECKING:
    from triage.office import Desk

_AT_ONCE = 20
_SINCE = timedelta(days=7)  # a model that is set for the first time does not judge years
_STARTED = timedelta(days=90)  # only tells the database where to look
_MESSAGES, _CHARACTERS = 12, 4_000
_WHO = {"in": "CUSTOMER", "out": "DESK"}


def verify(desk: "Desk") -> str:
    """Ask the second model about matters it has not judged; without one nothing happens. A model that is down is asked again later."""
    if not desk.models.get(judge.ROLE):
        return "no second model"
    with desk.database.read() as session:
        waiting = due(session)
    return asyncio.run(_all(desk, waiting))


def due(session: Session) -> list[int]:
    """Episodes to ask about, the oldest first: answered, lately assumed to be resolved, not judged yet, and silence since."""
    lately = (col(Episode.started_at) > now() - _STARTED, col(Episode.resolved_at) > now() - _SINCE)
    open_ = (Episode.resolution == "assumed", Episode.judged == "", col(Episode.eligible).is_(True), Episode.replies > 0)
    silent = (col(Episode.csat).is_(None), Ticket.episode_id == Episode.id)
    which = select(Episode.id).join(Ticket, col(Ticket.id) == Episode.ticket_id).where(*lately, *open_, *silent)
    found = session.exec(which.order_by(col(Episode.resolved_at), col(Episode.id)).limit(_AT_ONCE))
    return [number for number in found if number is not None]


async def _all(desk: "Desk", waiting: list[int]) -> str:
    done, troubles = 0, []
    for number in waiting:
        try:
            said = await _judge(desk, number)
        except (BadAnswer, ModelRefused):
            said = Settled(settled="unsure", reason="The model gave no usable answer.")
        except ModelError as error:  # perhaps of this matter alone: it must not keep the others out
            troubles.append(str(error))
            if isinstance(error, BreakerOpen):
                break
            continue
        await desk.database.run(partial(keep, number=number, said=said, model=desk.models[judge.ROLE][0].name))
        done += 1
    return "; ".join([f"{done} matters judged", *dict.fromkeys(troubles)])


async def _judge(desk: "Desk", number: int) -> Settled:
    with desk.database.read() as session:
        episode = session.get_one(Episode, number)
        ticket, said = session.get_one(Ticket, episode.ticket_id), conversation(session, episode)
    recorder = Unrecorded(desk.database, f"verify-{new_id()[:12]}")
    gate = desk.gate(recorder)
    context = ToolContext(desk.database, desk.searcher, ticket_id=0, customer_id=None, identity="none", recorder=recorder)
    models = await asyncio.to_thread(
        desk.covered, "\n".join(text for _, text in said), ticket.requester_name, ticket.requester_email
    )
    try:
        return await settled(Crew(desk.settings, models, gate, context), said)
    finally:
        await gate.close()


def conversation(session: Session, episode: Episode) -> list[Said]:
    """The last messages between customer and desk, the oldest first, each with who wrote it; notes among colleagues are left out."""
    own = select(Message).where(Message.ticket_id == episode.ticket_id, Message.episode_id == episode.id)
    between = own.where(col(Message.direction).in_(("in", "out"))).order_by(col(Message.id).desc()).limit(_MESSAGES)
    return [(_WHO[message.direction], message.body[:_CHARACTERS]) for message in reversed(session.exec(between).all())]


def keep(session: Session, number: int, said: Settled, model: str) -> None:
    """Take down what the model said, unless the customer has said something meanwhile: rated it, or written again."""
    ticket = locks.ticket(session, session.get_one(Episode, number).ticket_id)
    episode = session.get_one(Episode, number, with_for_update=True, populate_existing=True)
    went_on = episode.csat is not None or ticket is None or ticket.episode_id != number
    if episode.resolution != "assumed" or episode.judged or went_on:
        return
    episode.judged = said.settled
    session.add(episode)
    if said.settled == "yes":
        confirming.confirm(session, episode, confirming.MODEL)
    audit.append(session, "judged_settled", actor=f"model:{model}", ticket_id=episode.ticket_id, episode=number, settled=said.settled, comment=said.reason[:400])  # fmt: skip
