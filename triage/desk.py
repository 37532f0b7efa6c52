"""THE FLOW: from a customer's message to a draft that waits for a person.

    guard(in) → manager: plan → analyst: facts → writer → reviewer → guard(out) → a person

`work_on` reads top to bottom as the product. Stages never call each other; each returns a typed value, and
code, not a model, decides where the ticket goes. A run that a crash cut off is called again: its recorded
steps are read back, then it goes live where they end.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from triage import dossiers, handover, judging, tracing
from triage.agents import analyst, judge, manager, ranker, reviewer, writer
from triage.agents.crew import Crew
from triage.agents.gather import gather_customer, gather_passages
from triage.agents.ranker import Judged
from triage.briefs import (
    AnalystBrief,
    CustomerCard,
    Evidence,
    Facts,
    Neighbour,
    Plan,
    PlanBrief,
    Reply,
    Review,
    ReviewerBrief,
    Suggestion,
    WriterBrief,
)
from triage.casefile import CaseFile
from triage.drafts import wishes
from triage.errors import Divergence, ModelError, TriageError
from triage.genai import AGENT, CONVERSATION, INVOKE_AGENT, INVOKE_WORKFLOW, OPERATION, RUN
from triage.incidents import finding
from triage.judging import Rules, Screening
from triage.llm.degradation import to_person
from triage.models import Status
from triage.outcome import Outcome
from triage.settings import Settings

if TYPE_CHECKING:
    from triage.office import Desk

logger = logging.getLogger(__name__)

MOST_REVISIONS = 2
TOO_LONG = "The agents took longer than"


class Backing(Protocol):
    """What the stages need of the desk that they work at; a replay stands in for it with what was recorded."""

    @property
    def settings(self) -> Settings: ...

    @property
    def judged(self) -> Judged: ...

    async def examples(self, crew: Crew, text: str) -> tuple[list[Neighbour], Suggestion | None]: ...


Admit = Callable[[Screening], Awaitable[None]]


async def triage(desk: "Desk", run_id: str, decision_id: int | None = None) -> str:
    """Work on one ticket and hand the result to people. Safe to call again at any point; returns the ticket's status."""
    try:
        return await _triage(desk, run_id, decision_id)
    except Exception as error:  # a bug of ours must not drop a ticket: a person gets it, the log gets the rest
        logger.exception("run %s broke", run_id)
        outcome = judging.broke(error)
        return await desk.database.run(lambda session: handover.abandon(session, desk.settings, run_id, outcome))


async def _triage(desk: "Desk", run_id: str, decision_id: int | None) -> str:
    beginning = await desk.database.look(lambda: _begin(desk, run_id, decision_id))
    if beginning is None:
        return "nothing to do"
    case, rules, recorder = beginning.case, beginning.rules, beginning.recorder
    gate = desk.gate(recorder, rules.limits)
    crew = desk.crew(case, recorder, gate, beginning.connected, cover=rules.cover_personal_data, style=rules.style)

    async def admit(screening: Screening) -> None:
        await desk.database.run(lambda session: handover.admit(session, beginning, screening.verdicts))
        beginning.booked = True

    attributes = {OPERATION: INVOKE_WORKFLOW, RUN: run_id, CONVERSATION: str(case.brief.ticket_id)}
    with tracing.continued(beginning.traceparent), tracing.span(f"{INVOKE_WORKFLOW} triage", attributes):
        outcome = await attempt(desk, case, rules, crew, admit)
        model = "+".join(dict.fromkeys(crew.answered_by.values())) or "none"
        status = await gate.close_with(
            lambda session: handover.finish(session, desk.enqueue, desk.settings, beginning, crew.degraded, model, outcome),
            crew.degraded,
        )
        if desk.watch.arrived(case.brief.ticket_id, case.ticket.requester_email):
            await desk.database.run(lambda session: finding.look(session, desk.enqueue))
        return status


def _begin(desk: "Desk", run_id: str, decision_id: int | None) -> handover.Beginning | None:
    with desk.database.read() as session:
        return handover.begin(
            session, desk.database, run_id, decision_id, desk.settings, desk.models, with_tools=desk.calls_tools
        )


async def attempt(desk: Backing, case: CaseFile, rules: Rules, crew: Crew, admit: Admit) -> Outcome:
    """The whole work on a ticket, within its time; whatever keeps the agents from an end is an outcome too."""
    try:
        async with asyncio.timeout(desk.settings.run_seconds):
            return await work_on(desk, case, rules, crew, admit)
    except Divergence:  # a replay's finding, nothing that went wrong with the ticket
        raise
    except TimeoutError:
        outcome = judging.gave_up(f"{TOO_LONG} {desk.settings.run_seconds:.0f} seconds.", "budget_exceeded")
    except ModelError as error:
        outcome = judging.gave_up(f"No model gave a usable answer: {error}", "tool_failure")
    except TriageError as error:
        outcome = judging.gave_up(str(error), "tool_failure")
    crew.degraded.append(to_person(outcome.error or ""))
    return outcome


async def work_on(desk: Backing, case: CaseFile, rules: Rules, crew: Crew, admit: Admit) -> Outcome:
    """The guards at the door, then the stages in order; `admit` books that the ticket passed the door."""
    screening = await judging.screen(case, crew.context.recorder, rules)
    if screening.quarantine:
        return Outcome(Status.QUARANTINED, screening.quarantine, verdicts=screening.verdicts)
    await admit(screening)
    return await draft(desk, case, rules, crew, screening)


async def draft(desk: Backing, case: CaseFile, rules: Rules, crew: Crew, screening: Screening) -> Outcome:
    """The stages in order; writes nothing, so that it can be rehearsed (triage/rehearsal)."""
    plan = await make_plan(desk, case, crew, screening)
    crew.context.allowed = judging.tools_allowed(rules.policy, plan, screening)
    passages = await gather_passages(crew.context, case.brief, plan)
    passages = await ranker.rank(crew, plan, passages, desk.judged)
    customer = await gather_customer(crew.context)
    route = judging.route(plan, screening, passages, customer, rules, crew.context.answers)

    facts = await find_facts(crew, case, plan, route, passages, customer)
    route = judging.reroute(route, plan, facts, crew.context.answers)
    reply, sentences, review = await write_and_review(crew, case, plan, facts, route, passages, customer)
    passages = judging.of_articles(passages)  # what a connected API answered may carry a fact, never let something out

    blocked, action_verdicts = dossiers.judge(plan, facts, identity=case.ticket.identity, said=case.said, policy=rules.policy)
    check = judging.output_check(
        reply, case.ticket, case.said, passages, customer, rules, desk.settings, language=plan.language, kind=route.kind,
        found=sentences,
    )  # fmt: skip
    output_verdicts = await judging.check_reply(check, crew.context.recorder)
    outcome = judging.conclude(
        case, plan, facts, reply, review, route, passages, sentences, blocked, rules,
        [*screening.verdicts, *action_verdicts, *output_verdicts],
    )  # fmt: skip
    kept = case.cause == "changes" and "analyst" not in crew.answered_by  # what was proposed stands beside another wording
    return replace(outcome, calls=None if kept else crew.context.calls)


async def make_plan(desk: Backing, case: CaseFile, crew: Crew, screening: Screening) -> Plan:
    """The manager's plan. A request for changes keeps the plan of the former draft; one about facts adds a search for it."""
    if case.former and case.former.plan:
        plan = Plan.model_validate(case.former.plan)
        search = wishes.for_(wishes.ANALYST, case.instruction) if case.instruction else []
        return plan.model_copy(update={"searches": [*search, *plan.searches]})
    neighbours, suggestion = await desk.examples(crew, f"{case.brief.subject}\n{case.brief.body}")
    brief = PlanBrief(
        ticket=screening.ticket, categories=case.categories, neighbours=neighbours, suggestion=suggestion, signals=screening.signals,
        languages=case.languages,
    )  # fmt: skip
    with tracing.span(f"{INVOKE_AGENT} manager", {OPERATION: INVOKE_AGENT, AGENT: "manager", RUN: case.run_id}):
        return judging.bind(await manager.plan(crew, brief), screening)


async def find_facts(
    crew: Crew, case: CaseFile, plan: Plan, route: judging.Route, passages: list[Evidence], customer: CustomerCard | None
) -> Facts:  # fmt: skip
    """The analyst's facts, each with its source; what it found by its own searches joins the passages.

    A reply that states nothing needs none, and a request that is not about facts keeps those of the former draft.
    """
    if route.kind != "reply":
        return judging.no_facts(plan)
    if case.former and case.former.facts and not wishes.for_(wishes.ANALYST, case.instruction):
        return Facts.model_validate(case.former.facts)
    with tracing.span(f"{INVOKE_AGENT} analyst", {OPERATION: INVOKE_AGENT, AGENT: "analyst", RUN: case.run_id}):
        facts = await analyst.analyse(
            crew,
            AnalystBrief(ticket=case.brief, plan=plan, passages=passages, customer=customer, precedents=crew.context.precedents),
        )
    known = {passage.id for passage in passages}
    passages.extend(found for found in crew.context.found.values() if found.id not in known)
    return facts


async def write_and_review(
    crew: Crew,
    case: CaseFile,
    plan: Plan,
    facts: Facts,
    route: judging.Route,
    passages: list[Evidence],
    customer: CustomerCard | None,
) -> tuple[Reply, list[dict[str, Any]], Review]:
    """Write, review, and revise at most twice; what a person asked for is the first note.

    The reply comes with its sentences, each with the passages that support it.
    """
    asked_for = [wish.text for wish in wishes.read(case.instruction)] if case.instruction else []
    notes = asked_for
    previous = case.former.body if case.former else ""
    for revision in range(MOST_REVISIONS + 1):
        wanted = WriterBrief(
            ticket=case.brief, plan=plan, facts=facts, passages=passages, customer=customer, kind=route.kind,
            company=crew.settings.company, style=list(crew.style), notes=notes, previous=previous, precedents=crew.context.precedents,
        )  # fmt: skip
        with tracing.span(f"{INVOKE_AGENT} writer", {OPERATION: INVOKE_AGENT, AGENT: "writer", RUN: case.run_id}):
            reply = await writer.write(crew, wanted)
        sentences = judging.support(reply, passages, customer, case.said)
        if judged := await judge.judge(crew, reply, passages, customer):
            sentences = judging.weighed(sentences, judged, passages, customer, crew.answered_by[judge.ROLE])
        asked = ReviewerBrief(
            ticket=case.brief, plan=plan, facts=facts, reply=reply, passages=judging.of_articles(passages), kind=route.kind,
            unsupported=judging.unsupported(sentences),
            asked=wishes.for_(wishes.REVIEWER, case.instruction) if case.instruction else [],
        )  # fmt: skip
        with tracing.span(f"{INVOKE_AGENT} reviewer", {OPERATION: INVOKE_AGENT, AGENT: "reviewer", RUN: case.run_id}):
            review = await reviewer.review(crew, asked)
        if review.verdict == "approve" or revision == MOST_REVISIONS:
            break
        notes = [*asked_for, *(f"{note.topic}: {note.text}" for note in review.notes)]
        previous = reply.body
    return reply, sentences, review
