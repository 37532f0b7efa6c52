"""A changed rule tried on past tickets, before it counts: what would have been stopped, and what let through.

Stored messages and drafts are judged by the rules as they are and as they would be; no model is asked and nothing is
written but the result. What the change does not touch is judged only where the change makes a difference, so that a
month of tickets takes seconds to a minute.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlmodel import Session, and_, col, func, or_, select

from triage import audit, rulebook
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import ConflictError, InputError
from triage.learning.metrics.real import REAL_TICKET
from triage.models import QuarantineReason, RuleTrial, RuleTrialTicket, Ticket, User, now
from triage.rehearsal.rule_effects import FLAGGED, STOPPED, Case, Level, judged, read_case
from triage.settings import Settings

if TYPE_CHECKING:
    from triage.office import Desk

logger = logging.getLogger(__name__)

CHORE = "try_rules"
DAYS = 30
MOST_TICKETS = 20_000
_BATCH = 40
_BREATH = 0.01  # seconds between batches, for the tickets that are worked on at the same time
_ALIVE = ("waiting", "running")


@dataclass(frozen=True)
class Report:
    """A trial with the tickets that it would treat otherwise, newest first; `changes` says what was tried."""

    trial: RuleTrial
    tickets: list[tuple[RuleTrialTicket, str]]
    changes: list[str]


def start(session: Session, user: User, office: "Desk", changes: Mapping[str, object], *, days: int = DAYS) -> RuleTrial:
    """Try changed rules in the background. Raises InputError for rules that cannot be used or change nothing, ConflictError while one runs."""
    access.require(access.fresh(session, user), Permission.EDIT_MACHINERY)
    base = rulebook.current(session)
    rules = base | rulebook.checked(changes)
    if rules == base:
        raise InputError("Nothing is changed yet; change a rule first, then try it.")
    if session.exec(select(RuleTrial.id).where(col(RuleTrial.status).in_(_ALIVE))).first():
        raise ConflictError("Another trial is under way; wait for it, or stop it.")
    trial = RuleTrial(rules=rules, base=base, days=days, wanted=_wanted(session, days), started_by=user.id)
    session.add(trial)
    session.flush()
    said = rulebook.differences(base, rules)
    audit.append(session, "rules_tried", actor=f"user:{user.id}", trial=trial.id, changes=said, tickets=trial.wanted)
    office.enqueue(session, "chore", f"{CHORE}-{trial.id}", CHORE, trial.id)
    return trial


def stop(session: Session, user: User, trial_id: int) -> None:
    """End a trial early; what it has found so far stays."""
    access.require(access.fresh(session, user), Permission.EDIT_MACHINERY)
    trial = session.get(RuleTrial, trial_id, with_for_update=True)
    if trial and trial.status in _ALIVE:
        trial.status, trial.ended_at = "stopped", now()
        session.add(trial)


def switch_on(session: Session, user: User, trial_id: int, note: str = "") -> int:
    """Make what was tried count; returns the rules' new version. Raises ConflictError when the rules changed since."""
    access.require(access.fresh(session, user), Permission.EDIT_MACHINERY)
    trial = session.get(RuleTrial, trial_id)
    if trial is None:
        raise InputError("This trial is gone; try the change again.")
    changes = {key: value for key, value in trial.rules.items() if value != trial.base.get(key)}
    version = rulebook.switch_on(session, user, changes, note=note, base=dict(trial.base))
    return version.number if version else 0


def latest(session: Session, user: User, *, limit: int = 200) -> Report | None:
    """The newest trial with what it found so far; None when nothing was ever tried."""
    access.require(user, Permission.READ_MACHINERY)
    trial = session.exec(select(RuleTrial).order_by(col(RuleTrial.id).desc()).limit(1)).first()
    if trial is None:
        return None
    rows = session.exec(
        select(RuleTrialTicket, Ticket.subject)
        .join(Ticket, col(Ticket.id) == RuleTrialTicket.ticket_id)
        .where(RuleTrialTicket.trial_id == trial.id)
        .order_by(col(RuleTrialTicket.id).desc())
        .limit(limit)
    )
    return Report(trial, [(row, subject) for row, subject in rows], rulebook.differences(trial.base, trial.rules))


# ---- the work, in the background --------------------------------------------------------------------------


def work(office: "Desk", trial_id: int) -> str:
    """Judge the tickets of a trial, newest first. Called again after a crash, it goes on where it stopped."""
    database, settings = office.database, office.settings
    try:
        while batch := database.run_now(lambda session: _next(session, trial_id)):
            trial, cases = batch
            found = [found for case in cases if (found := _effect(case, trial, settings))]
            database.run_now(partial(_keep, trial_id=trial_id, cases=cases, found=found))
            time.sleep(_BREATH)
    except Exception:  # a bug of ours: the page must not show a trial that never ends
        logger.exception("the trial of rules %s broke", trial_id)
        return database.run_now(lambda session: _end(session, trial_id, "failed", "It broke; the desk's log has the details."))
    return database.run_now(lambda session: _end(session, trial_id, "done", ""))


def _effect(case: Case, trial: RuleTrial, settings: Settings) -> RuleTrialTicket | None:
    """What would be otherwise for a ticket; None: nothing."""
    before, after = judged(case, trial.base, trial.rules, settings)
    if before.level == after.level:
        return None
    effect = _EFFECTS[(max(before.level, after.level), after.level > before.level)]
    said = after if after.level > before.level else before
    return RuleTrialTicket(
        trial_id=trial.id or 0, ticket_id=case.ticket_id, effect=effect, why=said.why[:1_000], excerpt=said.excerpt[:400]
    )


_EFFECTS: dict[tuple[Level, bool], str] = {
    (STOPPED, True): "stopped",
    (STOPPED, False): "let_through",
    (FLAGGED, True): "flagged",
    (FLAGGED, False): "unflagged",
}


def _among(trial_days: int, since: datetime) -> Any:
    """Tickets of the last days that agents worked on, or would: what was set aside at the door is not among them."""
    aside = [reason.value for reason in QuarantineReason if reason != QuarantineReason.INJECTION]
    seen = or_(col(Ticket.status) != "quarantined", col(Ticket.reason).not_in(aside))
    return and_(col(Ticket.created_at) > since - timedelta(days=trial_days), seen, REAL_TICKET)


def _wanted(session: Session, days: int) -> int:
    return min(MOST_TICKETS, session.exec(select(func.count()).select_from(Ticket).where(_among(days, now()))).one())


def _next(session: Session, trial_id: int) -> tuple[RuleTrial, list[Case]] | None:
    """The trial and its next tickets; None when it is done or somebody stopped it. `reached` is the lowest number judged."""
    trial = session.get_one(RuleTrial, trial_id)
    if trial.status not in _ALIVE or trial.done >= MOST_TICKETS:
        return None
    trial.status = "running"
    session.add(trial)
    query = select(Ticket).where(_among(trial.days, trial.started_at)).order_by(col(Ticket.id).desc()).limit(_BATCH)
    if trial.reached:
        query = query.where(col(Ticket.id) < trial.reached)
    tickets = session.exec(query).all()
    return (trial, [read_case(session, ticket) for ticket in tickets]) if tickets else None


def _keep(session: Session, *, trial_id: int, cases: list[Case], found: list[RuleTrialTicket]) -> None:
    trial = session.get_one(RuleTrial, trial_id, with_for_update=True)
    trial.done += len(cases)
    trial.wanted = max(trial.wanted, trial.done)
    trial.reached = min(case.ticket_id for case in cases)
    for row in found:
        setattr(trial, row.effect, getattr(trial, row.effect) + 1)
        session.add(row)
    session.add(trial)


def _end(session: Session, trial_id: int, status: str, error: str) -> str:
    trial = session.get_one(RuleTrial, trial_id, with_for_update=True)
    if trial.status in _ALIVE:
        trial.status, trial.error, trial.ended_at = status, error, now()
        session.add(trial)
    return trial.status
