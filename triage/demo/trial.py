"""A trial of two models with a price, on six tickets about repairs; one of them became dear and went to a manager.

The runs are real: intake, guards, searches and the agents' loop do what they always do, so each can be replayed and forked.
Only the models are played: they say what the offline engine says and count tokens and dollars by the length of the texts, at
invented prices. On the last ticket the reviewer is not content three times, as trial.json has it.
"""

import asyncio
import copy
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from triage import desk as flow
from triage.briefs import Review
from triage.intake.payload import TicketPayload
from triage.intake.receive import receive
from triage.llm import pricing
from triage.llm.offline import OfflineModel
from triage.llm.protocol import Model, Request, Response, Usage
from triage.models import Run, Ticket, clock_at, now
from triage.office import Desk
from triage.runs import start_run

FILE = Path(__file__).with_name("trial.json")
AGO, APART = timedelta(hours=9), timedelta(minutes=11)
_PRICES = {"trial-large": (1.25, 10.0), "trial-small": (0.25, 2.0)}
_STAFF = {"manager": "trial-large", "analyst": "trial-small", "writer": "trial-small", "reviewer": "trial-large"}
_LETTERS = 4  # of a text make a token, about


class TrialModel:
    """The offline engine under another name and with a price; `reviews` come before what it would say itself."""

    provider = "demo"

    def __init__(self, name: str, reviews: list[Review]) -> None:
        self.name, self.reviews, self._inner = name, reviews, OfflineModel()

    async def answer(self, request: Request) -> Response:
        played = request.output is Review and self.reviews
        text = self.reviews.pop(0).model_dump_json() if played else (await self._inner.answer(request)).text
        read = sum(len(str(message.get("content") or "")) for message in request.messages) // _LETTERS
        wrote = len(text) // _LETTERS
        cost = pricing.cost(self.name, Usage(read, wrote), _PRICES)
        return Response(self.name, text=text, usage=Usage(read, wrote, 0, cost))


def seed_trial(desk: Desk) -> None:
    """Take in the tickets that are not there and let the played models work on those that no run has ended for."""
    told: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
    for number, one in enumerate(told):
        source, moment = f"demo-trial-{number + 1}", now() - AGO + number * APART
        payload = TicketPayload.model_validate(
            {name: one[name] for name in ("subject", "body", "from", "customer_id", "channel")}
        )
        with clock_at(moment), desk.database.transaction() as session:
            if not session.exec(select(Ticket.id).where(Ticket.source_id == source)).first():
                dated = payload.incoming(desk.settings).model_copy(update={"source_id": source, "sent_at": moment})
                receive(session, dated, desk.settings, enqueue=_begin, by_hand=True)
        with desk.database.read() as session:
            unfinished = select(Run.id).join(Ticket).where(Ticket.source_id == source, col(Run.status) == "running")
            runs = list(session.exec(unfinished))
        for run_id in runs:
            reviews = [Review.model_validate(review) for review in one.get("reviews", ())]
            asyncio.run(flow.triage(_staffed(desk, reviews), run_id))


def _begin(session: Session, ticket: Ticket) -> None:
    """A run that the durable engine does not know: it is done here."""
    start_run(session, lambda *_: None, ticket)


def _staffed(desk: Desk, reviews: list[Review]) -> Desk:
    """The desk with the played models as its agents; everything else is the desk's own."""
    trial = copy.copy(desk)
    models: dict[str, list[Model]] = {role: [TrialModel(name, reviews), OfflineModel()] for role, name in _STAFF.items()}
    trial.models = {**desk.models, **models}
    return trial
