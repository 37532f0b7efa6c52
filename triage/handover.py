"""From the agents to people: storing how a run began and what it ended with, each in one transaction."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import timedelta

from sqlalchemy import bindparam, update
from sqlalchemy.exc import NoResultFound
from sqlmodel import Session, col, select

from knowledge_base import signals
from triage import audit, dossiers, judging, keeping, locks, premises, proposals, replies, searches, teams
from triage.casefile import CaseFile, open_case
from triage.connections.requests import Definition
from triage.connections.tools import switched_on
from triage.database import Database, direct, rows
from triage.drafts import proof, wishes
from triage.guardrails.verdicts import Verdict
from triage.judging import Rules
from triage.models import (
    AT_WORK,
    AuditEvent,
    Decision,
    Draft,
    Episode,
    GuardVerdict,
    Notification,
    Quarantine,
    Role,
    Run,
    Status,
    Ticket,
    now,
)
from triage.notifications.telling import name_of
from triage.outcome import Outcome
from triage.premises import Noted, Staff
from triage.recording import Recorder
from triage.runs import refuse_fork, start_run
from triage.settings import Settings
from triage.sla import clocks
from triage.transitions import move

AGENTS = "agents"

_STARTED = update(Run).where(col(Run.id) == bindparam("run")).values(started_at=bindparam("moment"))


@dataclass
class Beginning:
    """What a run starts from, read from one state of the database."""

    case: CaseFile
    rules: Rules
    recorder: Recorder
    connected: list[Definition]
    noted: Noted
    traceparent: str = ""
    """The span that asked for the run (W3C)."""
    booked: bool = False
    """Whether the database says so: what a run starts from is kept with it, for replays (triage/premises.py)."""

    def book(self, session: Session) -> Ticket | None:
        """Note when the agents began and what they started from; None when that is done, else the ticket, held."""
        if self.booked:
            return None
        ticket = locks.ticket(session, self.case.ticket.id)  # before what belongs to it
        if self.recorder.fresh:  # waiting for a worker is not working
            direct.change(session, _STARTED, {"run": self.case.run_id, "moment": self.noted.moment})
        self.noted.keep(session)
        return ticket


def begin(
    session: Session, database: Database, run_id: str, decision_id: int | None, settings: Settings, staff: Staff, *,
    with_tools: bool = True,
) -> Beginning | None:  # fmt: skip
    """Case file, rules and recorded steps of a run; None when it has ended or its ticket no longer waits for agents.

    Only reads, so that nobody who writes waits for it.
    """
    run = rows.load(session, Run, run_id)
    if run is None or run.status != "running" or run.forked_at is not None:
        return None
    ticket = rows.load(session, Ticket, run.ticket_id)
    if ticket is None or ticket.status not in AT_WORK:
        return None
    recorder, moment = Recorder.load(session, database, run_id), now()
    case = open_case(session, run, decision_id, body_limit=settings.body_limit)
    connected = switched_on(session) if with_tools else []
    rules = Rules.load(session, settings)
    recorder.keeps = keeping.level(rules.recording, settings)
    noted = premises.note(settings, case, rules, staff, connected, moment)
    return Beginning(case, rules, recorder, connected, noted, run.traceparent)


def admit(session: Session, beginning: Beginning, verdicts: list[Verdict]) -> None:
    """The ticket passed the guards at the door: the agents begin. Called again after a crash, it changes nothing."""
    ticket = beginning.book(session) or session.get_one(Ticket, beginning.case.ticket.id)
    _admit(session, beginning.case, ticket, verdicts)


def _admit(session: Session, case: CaseFile, ticket: Ticket, verdicts: list[Verdict]) -> None:
    passed = ticket.status in (Status.RECEIVED, Status.REOPENED)
    if passed or ticket.status == Status.SCREENED:
        move(session, ticket, *[Status.SCREENED] * passed, Status.TRIAGING, actor=AGENTS, run=case.run_id)
        _store_verdicts(session, case, "input", verdicts)


def finish(
    session: Session, enqueue: Callable[..., None], settings: Settings, beginning: Beginning, degraded: list[str], model: str,
    outcome: Outcome,
) -> str:  # fmt: skip
    """Store the outcome: run, draft, verdicts, dossiers, ticket, episode, word to the team. Returns the ticket's status.

    When the customer wrote while the agents worked, the outcome answers an old conversation: it is dropped
    and a new run starts.
    """
    with session.no_autoflush:  # nothing read here depends on what is changed here: one flush is enough
        beginning.book(session)
        return _finish(session, enqueue, settings, beginning.case, beginning.recorder, degraded, model, outcome)


def _finish(
    session: Session, enqueue: Callable[..., None], settings: Settings, case: CaseFile, recorder: Recorder, degraded: list[str], model: str,
    outcome: Outcome,
) -> str:  # fmt: skip
    recorder.write(session)
    run, ticket, episode = _at_hand(session, case.run_id)
    refuse_fork(session, run.id)
    if run.status != "running":
        return ticket.status
    outcome = _still_a_managers(session, case, ticket, outcome)
    _close_run(session, run, recorder, degraded, model, outcome)
    if recorder.keeps != "full":
        keeping.apply(session, run, ticket, recorder.keeps)
    if ticket.thread_head != case.thread_head and outcome.status != Status.QUARANTINED:
        run.outcome = "overtaken"
        start_run(session, enqueue, ticket, cause="reply")
        return ticket.status
    if ticket.status in (Status.RECEIVED, Status.REOPENED) and outcome.status != Status.QUARANTINED:
        _admit(session, case, ticket, [])
    for stage in ("input", "action", "output"):
        if stage != "input" or outcome.status in (Status.QUARANTINED, Status.FAILED):
            _store_verdicts(session, case, stage, [verdict for verdict in outcome.verdicts if verdict.stage == stage])
    _describe(session, ticket, episode, outcome)
    _route(session, case, ticket, episode, outcome)
    clocks.described(session, ticket)
    dossiers.lay_down(session, ticket, run, outcome.blocked)
    if outcome.calls or (outcome.calls is not None and run.cause != "message"):
        proposals.lay_down(session, ticket, run, outcome.calls)
    searches.record(session, ticket, run, recorder, outcome)
    if outcome.reply is not None:
        draft = _draft(session, settings, case, ticket, run, outcome, degraded, model)
        signals.given(session, draft, outcome.evidence)
    ticket.error = outcome.error
    move(session, ticket, outcome.status, actor=AGENTS, reason=outcome.reason, run=run.id)
    _tell_the_team(session, ticket, outcome)
    return ticket.status


def _at_hand(session: Session, run_id: str) -> tuple[Run, Ticket, Episode | None]:
    run = rows.load(session, Run, run_id)
    ticket = rows.load(session, Ticket, run.ticket_id) if run else None
    if run is None or ticket is None:
        raise NoResultFound(f"There is no run {run_id} of a ticket.")
    return run, ticket, rows.load(session, Episode, ticket.episode_id) if ticket.episode_id else None


def abandon(session: Session, settings: Settings, run_id: str, outcome: Outcome) -> str:
    """Give a ticket whose run broke to people with the least that can still go wrong. Returns the ticket's status."""
    run = session.get(Run, run_id)
    if run is None or run.status != "running" or run.forked_at is not None:
        return "nothing to do"
    ticket = session.get_one(Ticket, run.ticket_id)
    run.status, run.outcome, run.error, run.ended_at = "failed", outcome.status.value, outcome.error, now()
    ticket.error = outcome.error
    keeping.apply_later(session, run, ticket, settings)
    session.add_all([run, ticket])
    if ticket.status in AT_WORK:
        move(session, ticket, Status.FAILED, actor=AGENTS, reason=outcome.reason, run=run.id)
        _tell_the_team(session, ticket, outcome)
    return ticket.status


def _still_a_managers(session: Session, case: CaseFile, ticket: Ticket, outcome: Outcome) -> Outcome:
    """A version that somebody asked for stays with managers when the former one was theirs: asking is no way round them.

    And what a person handed to the managers stays theirs until it is answered, also when the customer writes again.
    """
    kept = ["a colleague handed this ticket to the managers"] if handed_over(session, ticket) else []
    if case.former is not None and "manager" in (case.former.approver, case.ticket.approver):
        kept += case.former.approver_reasons or ["a manager was asked to decide this ticket"]
    return replace(outcome, approver_reasons=list(dict.fromkeys([*outcome.approver_reasons, *kept]))) if kept else outcome


def handed_over(session: Session, ticket: Ticket) -> bool:
    """Whether somebody escalated the running matter or gave it to the managers since a reply was last approved."""
    if ticket.draft_id is None and ticket.approver == "staff":
        return False
    escalated = select(Decision.created_at).where(Decision.episode_id == ticket.episode_id, Decision.kind == "escalate")
    handed = select(AuditEvent.at).where(
        AuditEvent.ticket_id == ticket.id, col(AuditEvent.kind).in_(("handed_to_manager", "prepared"))
    )
    approved = select(Decision.created_at).where(
        Decision.ticket_id == ticket.id, Decision.kind == "approve", col(Decision.undone_at).is_(None)
    )
    moments = [*session.exec(escalated), *session.exec(handed)]
    return bool(moments) and max(moments) > max(session.exec(approved), default=min(moments) - timedelta(seconds=1))


def _close_run(session: Session, run: Run, recorder: Recorder, degraded: list[str], model: str, outcome: Outcome) -> None:
    run.status = "failed" if outcome.status == Status.FAILED else "ended"
    run.outcome, run.error, run.model, run.degraded, run.ended_at = outcome.status.value, outcome.error, model, degraded, now()
    run.model_calls, run.input_tokens, run.output_tokens = recorder.model_calls, recorder.input_tokens, recorder.output_tokens
    run.cost_usd = recorder.cost_usd
    session.add(run)


def _describe(session: Session, ticket: Ticket, episode: Episode | None, outcome: Outcome) -> None:
    if plan := outcome.plan:
        ticket.category, ticket.priority, ticket.sentiment = plan.category, plan.priority, plan.sentiment
        ticket.language, ticket.risk = plan.language or ticket.language, plan.risk
    ticket.confidence = outcome.confidence
    ticket.approver = "manager" if outcome.approver_reasons else "staff"
    if episode:
        episode.category, episode.language = ticket.category, ticket.language
        if outcome.plan:
            episode.said_category, episode.said_priority = ticket.category, str(ticket.priority)
        episode.eligible = outcome.status != Status.QUARANTINED
        if outcome.reply is not None:
            episode.draft_ready_at = episode.draft_ready_at or now()
        if outcome.status == Status.ESCALATED:
            episode.escalated_at = episode.escalated_at or now()
            episode.escalation_reason = episode.escalation_reason or outcome.reason
        session.add(episode)
    if outcome.status == Status.QUARANTINED:
        session.add(Quarantine(ticket_id=ticket.id or 0, reason=outcome.reason or "injection", detail=_why(outcome)))
    session.add(ticket)


def _route(session: Session, case: CaseFile, ticket: Ticket, episode: Episode | None, outcome: Outcome) -> None:
    """To the group of its matter or category; a group that a person or a former run chose stays, but for a mandatory route."""
    signals = list(dict.fromkeys(f.kind for v in outcome.verdicts if v.rule == judging.ALWAYS for f in v.findings))
    usual = ticket.team or case.teams.get(ticket.category, "")
    team = teams.team_for(session, usual, signals)
    if team != ticket.team:
        audit.append(session, "routed", actor=AGENTS, ticket_id=ticket.id, to=team, because=signals or [ticket.category])
        ticket.team = team
    if episode and not episode.final_team:
        episode.said_team = team


def _draft(
    session: Session, settings: Settings, case: CaseFile, ticket: Ticket, run: Run, outcome: Outcome, degraded: list[str], model: str
) -> Draft:  # fmt: skip
    assert outcome.reply is not None
    body = f"{outcome.reply.body}\n{outcome.signature or settings.mail_from_name}"
    draft = rows.new(
        Draft,
        ticket_id=ticket.id or 0,
        episode_id=ticket.episode_id or 0,
        run_id=run.id,
        kind=outcome.kind,
        subject=outcome.reply.subject,
        body=body,
        sentences=replies.locate(body, outcome.sentences),
        citations=proof.evidence_rows(outcome.evidence, outcome.sentences),
        plan=outcome.plan.model_dump(mode="json") if outcome.plan else {},
        facts=outcome.facts.model_dump(mode="json") if outcome.facts else {},
        review=outcome.review.model_dump(mode="json") if outcome.review else {},
        approver=ticket.approver,
        approver_reasons=outcome.approver_reasons,
        confidence=outcome.confidence,
        model=model,
        degraded=degraded,
        cause=_cause(case),
    )
    return replies.seal(session, draft, ticket)


def _cause(case: CaseFile) -> str:
    """Which request this version answers, and by which agents."""
    if not case.instruction:
        return ""
    return f"{case.instructed_by} asked {wishes.told(case.instruction)}: {case.instruction}"


def _store_verdicts(session: Session, case: CaseFile, stage: str, verdicts: list[Verdict]) -> None:
    """One row for each verdict that is not a plain yes; one that allows when all said yes."""
    telling = [verdict for verdict in verdicts if verdict.verdict != "allow"]
    of = {"ticket_id": case.ticket.id, "run_id": case.run_id, "stage": stage}
    rows.insert_many(
        session,
        GuardVerdict,
        ({**of, "rule": v.rule, "verdict": v.verdict, "findings": _findings(v)} for v in telling or verdicts[:1]),
    )


def _findings(verdict: Verdict) -> list[dict[str, object]]:
    if verdict.verdict == "allow":
        return []
    return [asdict(finding) for finding in verdict.findings] or [{"why": verdict.why}]


def _tell_the_team(session: Session, ticket: Ticket, outcome: Outcome) -> None:
    if outcome.status == Status.ESCALATED or outcome.blocked:
        reasons = "; ".join(reason.rstrip(".") for reason in outcome.approver_reasons)
        text = f"{name_of(ticket)}: {reasons or outcome.reason}"
        session.add(Notification(role=Role.MANAGER, ticket_id=ticket.id, kind="escalated", text=text))
    elif outcome.status == Status.FAILED:
        session.add(Notification(role=Role.STAFF, ticket_id=ticket.id, kind="failed", text=f"{name_of(ticket)}: {outcome.error}"))


def _why(outcome: Outcome) -> str:
    return "; ".join(verdict.why for verdict in outcome.verdicts if verdict.verdict != "allow" and verdict.why)
