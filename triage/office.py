"""The open desk: what one process holds while it works, and how it is opened and closed."""

import asyncio
import gc
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session

from knowledge_base.answerability import Judge
from knowledge_base.classifier import Guess
from knowledge_base.embedding import Embedder, embedder
from knowledge_base.examples import Nearest
from knowledge_base.index import Index
from knowledge_base.search import Searcher
from knowledge_base.solved import SolvedPool
from knowledge_base.sorting import Sorter
from triage import genai, tracing, workspace
from triage.agents.crew import Crew
from triage.agents.examples import examples
from triage.agents.ranker import Judged
from triage.agents.rewriter import Readings
from triage.agents.spotlight import fenced_parts
from triage.agents.toolbox import ToolContext
from triage.ahead import Ahead
from triage.briefs import Neighbour, Suggestion
from triage.casefile import CaseFile
from triage.connections.requests import Definition
from triage.connections.tools import tools_of
from triage.database import Database, migrate, open_database
from triage.durable import Durable
from triage.errors import EmbedderUnavailable, SettingsError
from triage.guardrails.gate import DeskGate
from triage.guardrails.redaction import without_forms
from triage.incidents.matter import matter
from triage.incidents.watch import Watch
from triage.llm import models_for
from triage.llm.chain import FREE
from triage.llm.kept import kept
from triage.llm.protocol import Model
from triage.models import Ticket
from triage.recording import Recorder
from triage.runs import start_run
from triage.settings import Settings

logger = logging.getLogger(__name__)

READY_AT_ONCE = 5_000  # passages of an index that the opening of the desk waits for; a larger one is made behind the searches
COLLECT = 10_000, 20, 20  # objects until garbage is looked for: a run makes many that live until its next answer
NEIGHBOURS = 24  # labelled examples that vote on a ticket's category


class Desk:
    """One process's desk. Pages, API, worker and commands reach everything through it."""

    def __init__(self, settings: Settings, database: Database, index: Index, models: dict[str, list[Model]]) -> None:
        self.settings, self.database, self.index, self.models = settings, database, index, models
        self.embedder: Embedder = embedder()
        self.searcher = Searcher(database, index, self.embedder)
        self.judge = Judge(self.embedder)
        self.solved = SolvedPool(database, self.embedder)
        self.nearest = Nearest(database, self.embedder)
        self.sorter = Sorter(database, self.embedder)
        self.judged, self.readings = Judged(), Readings()
        self.watch = Watch(self.embedder)
        self.durable = Durable(database, settings)
        self.ahead = Ahead()

    def enqueue(self, session: Session, kind: str, key: str, *args: object, delay: float = 0.0) -> None:
        """Enqueue durable work with the caller's transaction; see triage.durable."""
        self.durable.enqueue(session, kind, key, *args, delay=delay)

    def start(self, session: Session, ticket: Ticket) -> None:
        """Have the agents work on a ticket that just came in."""
        start_run(session, self.enqueue, ticket, cause="message")

    def gate(self, recorder: Recorder, limits: Mapping[str, object] | None = None) -> DeskGate:
        """Budgets and breakers of one run, by the administrators' `limits`; what it used before a crash counts."""
        gate = DeskGate(self.database, self.settings, recorder.run_id, limits)
        gate.resume(*recorder.used_before)
        return gate

    def crew(
        self,
        case: CaseFile,
        recorder: Recorder,
        gate: DeskGate,
        connected: Sequence[Definition] = (),
        *,
        cover: bool = False,
        style: Sequence[str] = (),
    ) -> Crew:
        """The agents of one run, bound to one ticket; `connected` are the operations of APIs that are switched on.

        With `cover`, model services get placeholders for personal data. `style` are the rules of wording that the writer follows.
        """
        context = ToolContext(
            database=self.database, searcher=self.searcher, ticket_id=case.brief.ticket_id,
            customer_id=case.ticket.customer_id, identity=case.ticket.identity, recorder=recorder,
            judge=self.judge, solved=self.solved, breakers=gate.breakers,
        )  # fmt: skip
        verified = context.owner is not None
        context.connected = tools_of(connected, self.settings, gate, verified=verified) if connected else []
        ticket = case.ticket
        models = self.outward(case.said, ticket.requester_name, ticket.requester_email) if cover else self.models
        return Crew(gate.settings, models, gate, context, style=tuple(style))

    def covered(self, said: str, name: str = "", email: str = "") -> dict[str, list[Model]]:
        """The models for work that is no run: those of `outward` when administrators keep personal data from services."""
        with self.database.read() as session:
            cover = bool(workspace.get(session, "cover_personal_data"))
        return self.outward(said, name, email) if cover else self.models

    def outward(self, said: str, name: str = "", email: str = "") -> dict[str, list[Model]]:
        """The models, each service behind placeholders for personal data; `said`, `name` and `email` are what is known."""
        from triage.guardrails.personal.covered import Covered, Known

        known = Known(said, name, email)
        return {
            role: [model if model.provider == FREE else Covered(model, known, fenced_parts) for model in chain]
            for role, chain in self.models.items()
        }

    @property
    def calls_tools(self) -> bool:
        """Whether the analyst's models call tools: the offline engine does not."""
        return any(model.provider != "offline" for model in self.models["analyst"])

    async def examples(self, crew: Crew, text: str) -> tuple[list[Neighbour], Suggestion | None]:
        """Labelled examples near the text, and the category that they teach; recorded as a step (triage/agents/examples.py)."""
        offline = self.models["manager"][0].provider == "offline"
        if not offline and not self.sorter.ready:
            return [], None

        def look(text: str) -> dict[str, Any]:
            near: list[tuple[str, str, float]] = []
            guess: Guess | None = None
            try:
                reading = matter(text)
                guess = self.sorter.sort(reading)
                if offline:
                    near = self.nearest.neighbours(reading, NEIGHBOURS)
                    self.watch.heard(crew.context.ticket_id, reading)
            except EmbedderUnavailable as error:
                logger.warning("The ticket is planned without labelled examples: %s", error)
            found: dict[str, Any] = {
                "neighbours": [{"text": t, "category": c, "similarity": round(float(s), 4)} for t, c, s in near]
            }
            return found | ({"suggestion": {"ranking": guess.ranking, "abstain": guess.abstain}} if guess else {})

        return await examples(crew, text, look, offline=offline)

    def work(self) -> None:
        """Start the worker in this process. Raises SettingsError when another one works on the same SQLite file."""
        from triage import chores, delivery, desk
        from triage.delivery import notices
        from triage.delivery.calls import Caller
        from triage.drafts import translating
        from triage.incidents import writing
        from triage.library import imports
        from triage.rehearsal import rule_trial
        from triage.rehearsal.asking import CHORE as REHEARSE
        from triage.rehearsal.doing import rehearse

        async def triage_work(run_id: str, decision_id: int | None = None) -> str:
            return await desk.triage(self, run_id, decision_id)

        async def deliver_work(row_id: int, what: str = "reply") -> str:
            if what == "call":
                return await Caller(self.database, self.settings).carry_out(row_id)
            if what.startswith("notice:"):
                return await notices.carry_out(self, row_id, int(what.partition(":")[2]))
            with tracing.span(genai.DELIVER, {genai.OPERATION: genai.DELIVER}):
                return await delivery.deliver(self, row_id)

        async def chore_work(name: str, subject: int = 0) -> str:
            if name == REHEARSE:
                return await rehearse(self, subject)
            if name == rule_trial.CHORE:
                return await asyncio.to_thread(rule_trial.work, self, subject)
            if name == translating.CHORE:
                return await translating.translate(self, subject)
            if name == writing.CHORE:
                return await writing.write(self, subject)
            if name in chores.LONG:
                return await asyncio.to_thread(chores.LONG[name], self)
            return await asyncio.to_thread(self.database.run_now, chores.CHORES[name])

        async def import_work(run_id: str) -> str:
            return await imports.work_durably(self, run_id)

        gc.freeze()  # libraries alone are a million objects: each full collection would stop everything for 0.3 s
        gc.set_threshold(*COLLECT)
        self.durable.launch({"triage": triage_work, "deliver": deliver_work, "chore": chore_work, "import": import_work})

    def close(self) -> None:
        """Stop working and let go of database and index; what is unfinished goes on at the next start."""
        self.ahead.close()
        self.durable.close()
        tracing.shutdown()
        self.searcher.close()
        self.index.close()
        self.database.close()


_current: Desk | None = None


def open_desk(settings: Settings, *, database: Database | None = None, models: dict[str, list[Model]] | None = None) -> Desk:
    """Open database and index, migrate, and make this the process's desk.

    `database` is one that is open already, `models` replaces those of the settings (tests).
    """
    database = database or open_database(settings)
    migrate(database)
    tracing.configure(database, settings, redact=without_forms)
    index = Index.open(settings.home, settings)
    index.sync(database, most=READY_AT_ONCE)
    chains = models or models_for(settings)
    if settings.keep_live_answers:
        chains = kept(chains, database, most_bytes=settings.kept_answers_mb * 1_000_000)
    desk = Desk(settings, database, index, chains)
    desk.durable.prepare()
    use(desk)
    return desk


def current() -> Desk:
    """The desk that this process has open. Raises SettingsError when there is none."""
    if _current is None:
        raise SettingsError("The desk is not open in this process; start it with `triage serve` or `make run`.")
    return _current


def use(desk: Desk | None) -> None:
    """Make `desk` the one that `current` returns."""
    global _current
    _current = desk
