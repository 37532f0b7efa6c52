"""What happens by the clock: people are warned before a promise is broken, told when it is, and the plan's steps follow.

The clock looks only at tickets whose time has come (`Ticket.clock_at`, an indexed column), each in the state it has
then; what was told once is not told again. A raised priority changes the ticket's place in the queue, never the promise.
"""

from collections.abc import Iterator

from sqlmodel import Session, col, select

from triage import audit, locks
from triage.models import AT_WORK, Priority, Role, Team, Ticket, now
from triage.notifications.telling import name_of, tell
from triage.sla import clocks, plan
from triage.sla.clocks import BREACHED, WARNED, Clock, Clocks
from triage.sla.plan import CLOCK_NAMES, Step

MANY = 200  # tickets in one transaction; the next minute goes on with the rest
_HIGHER = dict(zip(Priority, [*list(Priority)[1:], Priority.URGENT], strict=True))  # each priority's next one


def watch(session: Session) -> str:
    """Warn, tell and escalate wherever a clock has come to its warning or its end."""
    moment = now()
    waiting = select(col(Ticket.id)).where(col(Ticket.clock_at) <= moment).order_by(col(Ticket.clock_at)).limit(MANY)
    held = locks.tickets(session, list(session.exec(waiting)))
    tickets = [one for one in held if one.clock_at and one.clock_at <= moment]  # another clock may have been faster
    steps = plan.current(session)[1].steps
    done = [_look(session, ticket, steps) for ticket in tickets]
    return f"{sum(warned for warned, _ in done)} warned, {sum(late for _, late in done)} past their target"


def _look(session: Session, ticket: Ticket, steps: list[Step]) -> tuple[int, int]:
    """Tell of every clock of a ticket that has come to a mark; returns how many were warned of and how many are over."""
    kept, told = Clocks.of(ticket), {WARNED: 0, BREACHED: 0}
    reached = [(clock, mark) for clock, mark in _reached(kept)]
    for clock, mark in reached:
        clock.told = mark
        told[mark] += 1
    clocks.told(ticket, kept)
    session.add(ticket)
    for clock, mark in reached:
        at = "warning" if mark == WARNED else "breach"
        audit.append(session, f"target_{at}", actor="clock", ticket_id=ticket.id, clock=clock.kind, due=clock.due)
        _say(session, ticket, clock, at)
        for step in steps:
            if step.at == at and step.clock in ("any", clock.kind):
                _take(session, ticket, clock, step)
    return told[WARNED], told[BREACHED]


def _reached(kept: Clocks) -> Iterator[tuple[Clock, int]]:
    """Clocks that have come to a mark nobody was told of; one that is over needs no warning any more."""
    moment = now()
    for clock in kept.running.values():
        if clock.due and clock.due <= moment and clock.told < BREACHED:
            yield clock, BREACHED
        elif clock.warn and clock.warn <= moment and clock.told < WARNED:
            yield clock, WARNED


def _say(session: Session, ticket: Ticket, clock: Clock, at: str) -> None:
    """Whoever has the ticket hears it, or its group when nobody has it; agents at work hear nothing."""
    kind = "sla_warning" if at == "warning" else "sla_breach"
    if ticket.assignee_id is not None:
        tell(session, kind, sentence(ticket, clock, at), user_id=ticket.assignee_id, ticket_id=ticket.id)
    elif ticket.team and ticket.status not in AT_WORK:
        tell(session, kind, sentence(ticket, clock, at), team=ticket.team, ticket_id=ticket.id)


def _take(session: Session, ticket: Ticket, clock: Clock, step: Step) -> None:
    if step.do == "raise_priority":
        _raise(session, ticket)
        return
    kind = "sla_warning" if step.at == "warning" else "sla_breach"
    text = sentence(ticket, clock, step.at)
    if step.to and session.get(Team, step.to) is None:
        step = step.model_copy(update={"to": ""})  # the group is gone: managers look after it
    if step.do == "hand":
        text += f" It is now for {step.to or 'a manager'}."
        _hand(session, ticket, step.to)
    if step.to and not (step.do == "tell" and step.to == ticket.team and ticket.assignee_id is None):
        tell(session, kind, text, team=step.to, ticket_id=ticket.id)
    elif not step.to:
        tell(session, kind, text, role=Role.MANAGER, ticket_id=ticket.id)


def _raise(session: Session, ticket: Ticket) -> None:
    was = Priority(ticket.priority)
    if _HIGHER[was] == was:
        return
    ticket.priority = _HIGHER[was]
    clocks.raised(ticket, ticket.priority)
    session.add(ticket)
    audit.append(session, "priority", actor="clock", ticket_id=ticket.id, was=was, to=ticket.priority)


def _hand(session: Session, ticket: Ticket, group: str) -> None:
    """To another group, which decides it from now on, or to the managers; who had it has it no more."""
    if group == ticket.team if group else ticket.approver == "manager":
        return
    was = ticket.team if group else ticket.approver
    if group:
        ticket.team, ticket.assignee_id = group, None
        clocks.described(session, ticket)
        audit.append(session, "team", actor="clock", ticket_id=ticket.id, was=was, to=group)
    else:
        ticket.approver = "manager"
        audit.append(session, "handed_to_manager", actor="clock", ticket_id=ticket.id, comment="its target passed")
    session.add(ticket)


def sentence(ticket: Ticket, clock: Clock, at: str) -> str:
    """What people are told of a clock that came to its mark."""
    what = CLOCK_NAMES[clock.kind].capitalize()
    if at == "breach":
        return f"{name_of(ticket)}: {what} is overdue."
    left = max(0, round((clock.due - now()).total_seconds() / 60)) if clock.due else 0
    return (
        f"{name_of(ticket)}: {what} is due in {left // 60}:{left % 60:02} h."
        if left >= 60
        else f"{name_of(ticket)}: {what} is due in {left} min."
    )
