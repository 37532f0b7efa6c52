"""Word from people that an answer is bad: one click with a reason, told to the team, kept until somebody made something of it.

Together with edits (triage/learning/edits.py) these reports are the feedback inbox: each becomes an article fix, a style rule,
an evaluation case, or is dismissed.
"""

from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import Session, col, func, select

from triage import audit, locks
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import ConflictError, InputError
from triage.learning import cases
from triage.models import BadAnswer, Draft, Run, Ticket, User, now
from triage.notifications.telling import tell_team
from triage.runs import refuse_exercise
from triage.traces import reachable

MOST = 2_000  # characters of a comment
LONGEST_RIGHT = 20_000  # characters of the reply that would have been right


class Reason(StrEnum):
    """Why an answer is bad; each names who can mend it: the articles, the search, the writer, the rules, the sorting."""

    WRONG_FACT = "wrong_fact"
    INCOMPLETE = "incomplete"
    TONE = "tone"
    UNSAFE = "unsafe"
    OTHER = "other"


REASONS: dict[Reason, str] = {
    Reason.WRONG_FACT: "States something that is not so",
    Reason.INCOMPLETE: "Does not answer what was asked",
    Reason.TONE: "Wrong tone or wording",
    Reason.UNSAFE: "Promises too much, or breaks a rule",
    Reason.OTHER: "Wrong language, or something else",
}
DESTINATIONS = ("article", "style", "case", "dismissed")


@dataclass(frozen=True)
class ReportRow:
    """A report with who made it, and the subject of its ticket."""

    report: BadAnswer
    by: str
    subject: str


def report(
    session: Session, user: User, reason: str, *, ticket_id: int | None = None, run_id: str = "", comment: str = ""
) -> BadAnswer:
    """Report the waiting or last draft of a ticket, or the answer of a run. The same answer reported again is the same report.

    Raises InputError for a reason or answer that is not there, AccessError for a ticket or run out of the person's reach.
    """
    user = access.fresh(session, user)
    access.require(user, Permission.WORK_INBOX)
    if reason not in REASONS:
        raise InputError(f"There is no reason {reason[:40]!r}; choose one of {', '.join(REASONS)}.")
    if len(comment) > MOST:
        raise InputError(f"A comment has at most {MOST:,} characters.")
    ticket, draft, run = _answer(session, user, ticket_id, run_id)
    locks.ticket(session, ticket.id)
    about = f"draft:{draft.id}" if draft else f"run:{run.id if run else ''}"
    mine = select(BadAnswer).where(BadAnswer.about == about, BadAnswer.reported_by == user.id)
    if there := session.exec(mine).first():
        return there
    made = BadAnswer(
        about=about, ticket_id=ticket.id or 0, run_id=run.id if run else (draft.run_id if draft else None),
        draft_id=draft.id if draft else None, reason=reason, comment=comment.strip().replace("\x00", ""), reported_by=user.id or 0,
    )  # fmt: skip
    session.add(made)
    session.flush()
    said = f"{user.name} reports a bad answer: {REASONS[Reason(reason)].lower()}"
    tell_team(session, ticket, "wrong_reported", f"{said}{': ' + made.comment[:300] if made.comment else ''}.", by=user)
    audit.append(session, "answer.reported", actor=user.actor, ticket_id=ticket.id, report=made.id, about=about, reason=reason)
    return made


def listing(
    session: Session, user: User, *, reason: str = "", taken: str = "", page: int = 1, size: int = 20
) -> tuple[list[ReportRow], int]:
    """(reports, newest first; how many): everybody's for those who see figures, else one's own. `taken` is "" for the open ones."""
    user = access.fresh(session, user)
    access.require(user, Permission.WORK_INBOX)
    where = [col(BadAnswer.taken_as) == taken]
    where += [col(BadAnswer.reason) == reason] if reason else []
    where += [] if access.may(user, Permission.SEE_FIGURES) else [col(BadAnswer.reported_by) == user.id]
    newest = (
        select(BadAnswer, User.name, Ticket.subject)
        .join(User, col(User.id) == BadAnswer.reported_by)
        .join(Ticket, col(Ticket.id) == BadAnswer.ticket_id)
        .where(*where)
        .order_by(col(BadAnswer.id).desc())
    )
    rows = session.exec(newest.limit(size).offset((page - 1) * size))
    total = session.exec(select(func.count()).select_from(BadAnswer).where(*where)).one()
    return [ReportRow(*row) for row in rows], total


def settle(session: Session, user: User, report_id: int, taken_as: str, *, right: str = "") -> BadAnswer:
    """Say what a report became: article, style, case or dismissed. A case is made of it at once, of the reply that is `right`.

    Raises ConflictError when somebody settled it before, InputError when there is no right reply to make a case of.
    """
    user = access.fresh(session, user)
    access.require(user, Permission.SEE_FIGURES)
    if taken_as not in DESTINATIONS:
        raise InputError(f"A report cannot become {taken_as[:40]!r}; choose one of {', '.join(DESTINATIONS)}.")
    row = session.get(BadAnswer, report_id, with_for_update=True)
    if row is None:
        raise InputError("This report is gone; reload the page.")
    if row.taken_as:
        raise ConflictError(f"Somebody has settled this report already: {row.taken_as}.")
    if taken_as == "case":
        if len(right) > LONGEST_RIGHT:
            raise InputError(f"The right reply has at most {LONGEST_RIGHT:,} characters.")
        cases.from_report(session, user, row, right.replace("\x00", ""))
    row.taken_as, row.taken_by, row.taken_at = taken_as, user.id, now()
    session.add(row)
    audit.append(session, "answer.settled", actor=user.actor, ticket_id=row.ticket_id, report=row.id, taken_as=taken_as)
    return row


def _answer(session: Session, user: User, ticket_id: int | None, run_id: str) -> tuple[Ticket, Draft | None, Run | None]:
    """What is reported: a run's first draft (a run may have none), or a ticket's newest."""
    if run_id:
        run, ticket = reachable(session, user, run_id)
        first = select(Draft).where(Draft.run_id == run.id, Draft.created_by == "agents").order_by(col(Draft.version))
        return ticket, session.exec(first).first(), run
    found = session.get(Ticket, ticket_id) if ticket_id is not None else None
    if found is None:
        raise InputError("There is no such ticket; it may have been removed.")
    refuse_exercise(found)
    newest = select(Draft).where(Draft.ticket_id == found.id, Draft.created_by == "agents").order_by(col(Draft.version).desc())
    draft = session.exec(newest).first()
    if draft is None:
        raise InputError("The agents have not answered this ticket yet, so there is no answer to report.")
    return found, draft, None
