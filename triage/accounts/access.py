"""Who may do what: the one table of roles. Services ask here; screens only follow."""

from enum import StrEnum

from sqlmodel import Session

from triage.errors import AccessError
from triage.models import Draft, Role, Status, Ticket, User


class Permission(StrEnum):
    """What can be allowed; each value completes the sentence "you may not …"."""

    WORK_INBOX = "work the inbox"
    DECIDE_ROUTINE = "decide routine drafts"
    DECIDE_SENSITIVE = "decide sensitive drafts"
    ACCEPT_STYLE = "decide how the writer writes"
    MARK_TRAINEES = "say who is a trainee"
    SIGN_OFF = "sign off blocked actions"
    SHARE_VIEWS = "share views of the queue with everybody"
    SEE_OWN_FIGURES = "see your own figures"
    SEE_FIGURES = "see everybody's figures"
    READ_KNOWLEDGE = "read and search the knowledge base"
    SUGGEST_KNOWLEDGE = "suggest changes to the knowledge base"
    EDIT_KNOWLEDGE = "edit, publish and import articles"
    SEE_OWN_TRACES = "see the traces of your own tickets"
    READ_MACHINERY = "read guardrails, prompts, evals, traces and settings"
    EDIT_MACHINERY = "change guardrails, prompts, evals and settings"
    EDIT_TARGETS = "change targets and business hours"
    MANAGE_PEOPLE = "manage people and keys"


P = Permission
_STAFF = frozenset({P.WORK_INBOX, P.DECIDE_ROUTINE, P.SEE_OWN_FIGURES, P.READ_KNOWLEDGE, P.SUGGEST_KNOWLEDGE, P.SEE_OWN_TRACES})
_MANAGER = _STAFF | {
    P.DECIDE_SENSITIVE,
    P.ACCEPT_STYLE,
    P.MARK_TRAINEES,
    P.SIGN_OFF,
    P.SHARE_VIEWS,
    P.SEE_FIGURES,
    P.READ_MACHINERY,
    P.EDIT_TARGETS,
}
_ADMIN = _MANAGER | {P.EDIT_KNOWLEDGE, P.EDIT_MACHINERY, P.MANAGE_PEOPLE}

ROLES: dict[Role, frozenset[Permission]] = {Role.STAFF: _STAFF, Role.MANAGER: _MANAGER, Role.ADMIN: _ADMIN}


_NOT_YET = frozenset({P.DECIDE_ROUTINE, P.DECIDE_SENSITIVE, P.SIGN_OFF})  # what trainees write and prepare, others decide


def may(user: User, permission: Permission) -> bool:
    """Whether the person may; nobody whose account is switched off or whose role is unknown may anything."""
    if user.disabled_at or (user.trainee and permission in _NOT_YET):
        return False
    return permission in ROLES.get(user.role, frozenset())


def require(user: User, permission: Permission) -> None:
    """Raises AccessError when the person may not."""
    if not may(user, permission):
        if user.trainee and permission in _NOT_YET:
            raise AccessError(f"As a trainee you may not {permission.value}; hand in what you wrote, and a colleague decides it.")
        role = "staff" if user.role == Role.STAFF else f"a {user.role}" if user.role == Role.MANAGER else str(user.role)
        needed = next((r for r in Role if permission in ROLES[r]), Role.ADMIN)
        raise AccessError(f"As {role} you may not {permission.value}; ask a person with the role {needed.value}.")


def fresh(session: Session, user: User) -> User:
    """The person as the database knows them now: a page that was drawn before keeps whom it was drawn for.

    Raises AccessError when the account is gone.
    """
    found = session.get(User, user.id) if user.id else None
    if found is None:
        raise AccessError("This account is gone; sign in again.")
    return found


def is_sensitive(draft: Draft, ticket: Ticket, *, every_draft_needs_manager: bool = False) -> bool:
    """Whether a manager has to decide. Only what is marked routine everywhere is routine."""
    return (
        every_draft_needs_manager or draft.approver != "staff" or ticket.approver != "staff" or ticket.status == Status.ESCALATED
    )


def can_decide(user: User, draft: Draft, ticket: Ticket, *, every_draft_needs_manager: bool = False) -> bool:
    """Whether the person may decide this draft; the last argument is the switch of that name in the workspace."""
    if draft.ticket_id != ticket.id:
        return False
    sensitive = is_sensitive(draft, ticket, every_draft_needs_manager=every_draft_needs_manager)
    return may(user, P.DECIDE_SENSITIVE if sensitive else P.DECIDE_ROUTINE)
