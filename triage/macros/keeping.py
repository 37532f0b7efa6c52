"""Writing, changing and finding saved replies; every change is in the audit log with the text as it was."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import or_
from sqlmodel import Session, col, select

from triage import audit, spoken
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import AccessError, ConflictError, InputError
from triage.macros import filling
from triage.models import Category, CustomField, Macro, Priority, TeamMember, User, now
from triage.tickets import tags

AUDIENCES = {"own": "Only me", "group": "A group", "everyone": "Everyone"}
_SHORTCUT = re.compile(r"[a-z0-9][a-z0-9_-]{0,29}")
_LONGEST = 20_000
_MOST_HOURS = 90 * 24


@dataclass(frozen=True)
class MacroText:
    """A saved reply as it is written. `actions`: category, priority, tags, assignee ("me" or an address), snooze_hours."""

    title: str
    body: str = ""
    shortcut: str = ""
    audience: str = "own"
    team: str = ""
    actions: Mapping[str, object] = field(default_factory=dict)


def offered(session: Session, user: User, most: int = 200) -> list[Macro]:
    """What the person can choose while writing: their own, their groups' and everyone's, the most used first."""
    groups = select(TeamMember.team).where(TeamMember.user_id == user.id)
    mine = or_(
        (col(Macro.audience) == "own") & (col(Macro.owner_id) == user.id),
        (col(Macro.audience) == "group") & col(Macro.team).in_(groups),
        col(Macro.audience) == "everyone",
    )
    return list(session.exec(select(Macro).where(mine).order_by(col(Macro.used).desc(), Macro.title).limit(most)))


def listing(session: Session, user: User) -> list[Macro]:
    """What the person sees on the screen: what they can choose, and for administrators everything but what is others' own."""
    access.require(access.fresh(session, user), Permission.WORK_INBOX)
    if not access.may(user, Permission.EDIT_MACHINERY):
        return sorted(offered(session, user), key=lambda row: (row.audience, row.title.lower()))
    seen = or_(col(Macro.audience) != "own", col(Macro.owner_id) == user.id)
    return sorted(session.exec(select(Macro).where(seen)), key=lambda row: (row.audience, row.title.lower()))


def may_change(user: User, row: Macro) -> bool:
    """One's own are one's own; what others use is changed by whoever may change the desk."""
    return row.owner_id == user.id if row.audience == "own" else access.may(user, Permission.EDIT_MACHINERY)


def save(session: Session, user: User, text: MacroText, macro_id: int | None = None, *, version: int | None = None) -> Macro:
    """Change a saved reply, or make one. `version` is the one the change started from.

    Raises AccessError, InputError for what cannot be used, and ConflictError when somebody else changed it meanwhile.
    """
    user = access.fresh(session, user)
    access.require(user, Permission.WORK_INBOX)
    row = _changeable(session, user, macro_id) if macro_id else Macro(title="", owner_id=user.id)
    if version is not None and row.version != version:
        raise ConflictError("Somebody else changed this saved reply meanwhile; reload it to see their text.")
    text = _checked(session, user, text, row)
    before = {"title": row.title, "body": row.body, "actions": row.actions} if macro_id else None
    row.title, row.body, row.shortcut = text.title, text.body, text.shortcut
    row.audience, row.team, row.actions = text.audience, text.team, dict(text.actions)
    row.version, row.updated_by, row.updated_at = row.version + 1 if macro_id else 1, user.id, now()
    session.add(row)
    session.flush()
    audit.append(
        session, "macro_saved", actor=user.actor, macro=row.id, version=row.version, title=row.title, shortcut=row.shortcut, body=row.body,
        audience=row.audience, team=row.team, actions=row.actions, before=before,
    )  # fmt: skip
    return row


def remove(session: Session, user: User, macro_id: int) -> None:
    """Take a saved reply away; the audit log keeps its text."""
    user = access.fresh(session, user)
    row = _changeable(session, user, macro_id)
    audit.append(session, "macro_removed", actor=user.actor, macro=row.id, title=row.title, body=row.body, audience=row.audience)
    session.delete(row)


def find(session: Session, user: User, macro_id: int) -> Macro:
    """One that the person can choose. Raises InputError when it is gone or not theirs to use."""
    row = next((row for row in offered(session, user, most=10_000) if row.id == macro_id), None)
    if row is None:
        raise InputError("This saved reply is gone; somebody took it away or changed who may use it.")
    return row


def _changeable(session: Session, user: User, macro_id: int) -> Macro:
    row = session.get(Macro, macro_id, with_for_update=True)
    if row is None:
        raise InputError("This saved reply is gone; reload the page.")
    if not may_change(user, row):
        raise AccessError("Only an administrator changes what others use too; make a copy of your own.")
    return row


def _checked(session: Session, user: User, text: MacroText, row: Macro) -> MacroText:
    title, shortcut = spoken.line(text.title), text.shortcut.strip().lstrip(":").lower()
    if not title or len(title) > 80:
        raise InputError("A saved reply needs a title of at most 80 characters.")
    if shortcut and not _SHORTCUT.fullmatch(shortcut):
        raise InputError("A shortcut is one word of small letters, digits and - such as “refund-late”, at most 30 characters.")
    body = spoken.bounded(text.body.replace("\r\n", "\n"), _LONGEST, "This text").strip()
    _gaps_known(session, body)
    actions = _actions(session, text.actions)
    if not body and not actions:
        raise InputError("Write a text, or choose something that the macro sets; else it would do nothing.")
    return MacroText(title, body, shortcut, *_audience(session, user, text), _free(session, user, text, shortcut, row, actions))


def _audience(session: Session, user: User, text: MacroText) -> tuple[str, str]:
    if text.audience not in AUDIENCES:
        raise InputError(f"Choose who may use it: {', '.join(AUDIENCES)}.")
    if text.audience != "own" and not access.may(user, Permission.EDIT_MACHINERY):
        raise AccessError("An administrator offers a saved reply to others; keep it as your own, or ask one.")
    if text.audience != "group":
        return text.audience, ""
    if not session.exec(select(TeamMember.team).where(TeamMember.team == text.team).limit(1)).first():
        raise InputError("Choose a group that has people in it.")
    return "group", text.team


def _free(
    session: Session, user: User, text: MacroText, shortcut: str, row: Macro, actions: dict[str, object]
) -> dict[str, object]:
    if shortcut:
        same = select(Macro).where(Macro.shortcut == shortcut, Macro.audience == text.audience, Macro.team == text.team)
        if text.audience == "own":
            same = same.where(Macro.owner_id == (row.owner_id or user.id))
        if taken := next((other for other in session.exec(same) if other.id != row.id), None):
            raise InputError(f"“{taken.title}” has the shortcut ::{shortcut} already.")
    return actions


def _gaps_known(session: Session, body: str) -> None:
    keys = set(session.exec(select(CustomField.key)))
    unknown = [name for name in filling.names(body) if name not in filling.VARIABLES and name.removeprefix("field.") not in keys]
    broken = [gap for gap in filling.gaps(body) if not filling.names(gap)]
    if unknown or broken:
        wrong = "{{" + unknown[0] + "}}" if unknown else broken[0]
        raise InputError(
            f"{wrong} is no variable. There are {', '.join(filling.VARIABLES)} and field.… for the desk's own fields."
        )


def _actions(session: Session, given: Mapping[str, object]) -> dict[str, object]:
    """Only what is set, each of it something the desk knows."""
    wanted = {name: value for name, value in given.items() if value not in (None, "", [], 0)}
    if unknown := set(wanted) - {"category", "priority", "tags", "assignee", "snooze_hours"}:
        raise InputError(f"A macro cannot set {', '.join(sorted(unknown))}.")
    if "category" in wanted and session.get(Category, str(wanted["category"])) is None:
        raise InputError(f"There is no category {wanted['category']}.")
    if "priority" in wanted and wanted["priority"] not in set(Priority):
        raise InputError(f"{wanted['priority']} is no priority; choose one of {', '.join(Priority)}.")
    if "tags" in wanted:
        given_tags = wanted["tags"]
        wanted["tags"] = [tags.clean(str(tag)) for tag in (given_tags if isinstance(given_tags, list) else [given_tags])]
    if (who := wanted.get("assignee")) and who != "me":
        found = session.exec(select(User).where(User.email == str(who))).first()
        if found is None or not access.may(found, Permission.WORK_INBOX):
            raise InputError(f"Nobody with the address {who} works the inbox.")
    if "snooze_hours" in wanted:
        hours = wanted["snooze_hours"]
        if isinstance(hours, bool) or not isinstance(hours, int | float) or not 0 < hours <= _MOST_HOURS:
            raise InputError("A macro snoozes for some hours, at most 90 days.")
    return wanted
