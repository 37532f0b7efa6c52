"""What the demo's past leaves to learn from: the newest edits place by place, some of them taken up."""

from sqlmodel import Session, col, select

from triage.learning import edits, styles
from triage.models import Decision, Draft, Edit, Role, User, clock_at

_NEWEST = 24
_TAKEN = {2: "case", 5: "article", 7: "dismissed", 11: "case"}


def seed_edits(session: Session) -> int:
    """Keep the newest edits of the past; returns how many places that are. People took some of them up, and suggested a style rule."""
    sent = (
        select(Decision, Draft)
        .join(Draft, col(Draft.id) == Decision.draft_id)
        .where(Decision.kind == "approve", col(Decision.edit_distance) > 0, Draft.created_by == "agents")
        .order_by(col(Decision.id).desc())
        .limit(_NEWEST)
    )
    made: list[Edit] = []
    for decision, draft in reversed(session.exec(sent).all()):
        made += edits.record(session, decision, draft)
    for number, destination in _TAKEN.items():
        if number < len(made):
            _take(session, made[-1 - number], destination)
    _suggest(session)
    return len(made)


def _take(session: Session, edit: Edit, destination: str) -> None:
    decision = session.get_one(Decision, edit.decision_id)
    with clock_at(decision.created_at):
        edits.take(session, session.get_one(User, decision.user_id), edit.id or 0, destination)


def _suggest(session: Session) -> None:
    """A rule that counts, and one that waits for a manager."""
    people = {person.role: person for person in session.exec(select(User).where(col(User.demo)).order_by(col(User.id).desc()))}
    if manager := people.get(Role.MANAGER):
        styles.add(session, manager, "Write “Hello” instead of “Hi”.")
    if staff := people.get(Role.STAFF):
        styles.suggest(session, staff, "Write “Kind regards” instead of “Best regards”.")
