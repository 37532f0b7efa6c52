"""Style rules: how the desk's replies are worded. People suggest, managers accept, the writer follows from its next draft on.

A rule is one sentence. The rules that were accepted stand in the workspace beside the other rules people shape
(triage/rulebook.py), so that each change is a version that can be taken back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, func, select

from triage import audit, rulebook
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import ConflictError
from triage.learning.hunks import changed_words
from triage.llm.offline import style as offline
from triage.models import Notification, Role, StyleSuggestion, User, now
from triage.settings import Settings

_SHORT = 80  # characters up to which changed words are a rule by themselves


@dataclass(frozen=True)
class Waiting:
    """A suggestion, and who made it."""

    suggestion: StyleSuggestion
    by: str


def rule_of(before: str, after: str, hide: Callable[[str], str] = str) -> str:
    """An edit as a rule in one sentence; `hide` takes personal data out."""
    out, put_in = (hide(part) for part in changed_words(before, after)) if before and after else ("", "")
    if out and put_in and len(out) <= _SHORT:
        return f"Write “{put_in}” instead of “{out}”."
    if before and after:
        return f"Write “{hide(after)}” instead of “{hide(before)}”."
    return f"Leave out “{hide(before)}”." if before else f"Where it fits, say “{hide(after)}”."


def suggest(session: Session, user: User, text: str, *, edit_id: int | None = None) -> StyleSuggestion:
    """Suggest a rule; managers hear of it. Raises InputError for an empty or overlong one."""
    user = access.fresh(session, user)
    access.require(user, Permission.WORK_INBOX)
    made = StyleSuggestion(text=rulebook.style_text(text), edit_id=edit_id, suggested_by=user.id or 0)
    session.add(made)
    session.flush()
    session.add(Notification(role=Role.MANAGER, kind="style", text=f"{user.name} suggests for the writer: {made.text}"))
    audit.append(session, "style.suggested", actor=user.actor, suggestion=made.id, text=made.text)
    return made


def accept(session: Session, user: User, suggestion_id: int, text: str = "") -> StyleSuggestion:
    """Make a suggestion, perhaps reworded, a rule that the writer follows from now on."""
    user, made = _waiting(session, user, suggestion_id)
    wording = rulebook.style_text(text or made.text)
    rules: list[dict[str, Any]] = list(rulebook.current(session)["style_rules"])
    if any(rule["text"] == wording for rule in rules):
        raise ConflictError("There is such a rule already; refuse this suggestion, or word it otherwise.")
    rulebook.switch_on(session, user, {"style_rules": [*rules, {"text": wording, "on": True}]}, note="Suggested from an edit.")
    return _settle(session, user, made, "accepted")


def refuse(session: Session, user: User, suggestion_id: int, comment: str = "") -> StyleSuggestion:
    """Decline a suggestion; whoever made it is told why."""
    user, made = _waiting(session, user, suggestion_id)
    made.comment = comment.strip()[:500]
    said = f": {made.comment}" if made.comment else "."
    session.add(
        Notification(user_id=made.suggested_by, kind="style", text=f"{user.name} declined your style rule “{made.text}”{said}")
    )
    return _settle(session, user, made, "refused")


def add(session: Session, user: User, text: str) -> None:
    """A rule of a manager's own, which counts at once."""
    rules = list(rulebook.current(session)["style_rules"])
    rulebook.switch_on(session, user, {"style_rules": [*rules, {"text": rulebook.style_text(text), "on": True}]})


def turn(session: Session, user: User, text: str, *, on: bool) -> None:
    """Switch a rule on or off; the writer follows or forgets it from its next draft on."""
    rules = list(rulebook.current(session)["style_rules"])
    if not any(rule["text"] == text for rule in rules):
        raise ConflictError("This rule was changed meanwhile; reload the page.")
    wanted = [{**rule, "on": on} if rule["text"] == text else rule for rule in rules]
    rulebook.switch_on(session, user, {"style_rules": wanted})


def remove(session: Session, user: User, text: str) -> None:
    """Take a rule out; earlier versions of the rules still hold it."""
    rules = list(rulebook.current(session)["style_rules"])
    rulebook.switch_on(session, user, {"style_rules": [rule for rule in rules if rule["text"] != text]})


def waiting(session: Session, *, limit: int = 50) -> list[Waiting]:
    """Suggestions that nobody decided, oldest first."""
    found = select(StyleSuggestion, User.name).join(User, col(User.id) == StyleSuggestion.suggested_by)
    oldest = found.where(StyleSuggestion.status == "waiting").order_by(col(StyleSuggestion.id)).limit(limit)
    return [Waiting(suggestion, name) for suggestion, name in session.exec(oldest)]


def is_followed(text: str, settings: Settings) -> bool:
    """Whether the writer of these settings can follow a rule: a language model any, the offline engine some."""
    return settings.uses_service or offline.follows(text)


def count_waiting(session: Session) -> int:
    return session.exec(select(func.count()).select_from(StyleSuggestion).where(StyleSuggestion.status == "waiting")).one()


def _waiting(session: Session, user: User, suggestion_id: int) -> tuple[User, StyleSuggestion]:
    user = access.fresh(session, user)
    access.require(user, Permission.ACCEPT_STYLE)
    made = session.get(StyleSuggestion, suggestion_id, with_for_update=True)
    if made is None or made.status != "waiting":
        raise ConflictError("This suggestion was decided already; reload the page.")
    return user, made


def _settle(session: Session, user: User, made: StyleSuggestion, status: str) -> StyleSuggestion:
    made.status, made.decided_by, made.decided_at = status, user.id, now()
    session.add(made)
    audit.append(session, f"style.{status}", actor=user.actor, suggestion=made.id, text=made.text, comment=made.comment)
    return made
