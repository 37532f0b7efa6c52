"""What stands beside the search of the queue: a quiet form of filters, and the views that people keep."""

from time import monotonic
from typing import Any

from sqlmodel import Session

from pages.parts import words
from triage import taxonomy, teams
from triage.accounts import access
from triage.accounts.access import Permission
from triage.models import Priority, SavedView, User
from triage.tickets import saved_views, ticket_filter, ticket_view

_KEPT = 30.0  # seconds: who and what there is to choose from changes seldom
_options: dict[int, tuple[float, list[dict[str, Any]]]] = {}


def form(session: Session, user: User, find: str, saved: list[SavedView], chosen: int | None) -> dict[str, Any]:
    """The form as JSON values: each filter with what it can be set to and what it is set to."""
    wanted = ticket_filter.parse(find)
    current = next((view for view in saved if view.id == chosen), None)
    return {
        "fields": [{**field, "value": wanted.value(field["name"])} for field in _fields(session, user)],
        "filters": len(wanted.filters),
        "problems": ticket_filter.problems(wanted),
        "share": access.may(user, Permission.SHARE_VIEWS),
        "chosen": current.name if current else "",
        "removable": bool(current and _may_remove(current, user)),
    }


def chips(saved: list[SavedView], chosen: int | None) -> list[dict[str, Any]]:
    """The kept views, beside the queue's own."""
    return [
        {
            "saved": view.id,
            "label": view.name,
            "help": ("Shared view: " if view.shared else "Your view: ") + (view.find or view.view),
            "count": None,
            "on": view.id == chosen,
            "rest": False,
        }
        for view in saved
    ]


def set_filter(find: str, name: str, value: str) -> str:
    """The search with one filter set, or without it."""
    return str(ticket_filter.parse(find).with_filter(name, value)) if name in ticket_filter.NAMES else find


def saved(session: Session, user: User) -> list[SavedView]:
    return saved_views.of(session, user)


def _may_remove(view: SavedView, user: User) -> bool:
    return view.user_id == user.id or access.may(user, Permission.SHARE_VIEWS)


def _fields(session: Session, user: User) -> list[dict[str, Any]]:
    """Choices change seldom and are read seldom."""
    read, fields = _options.get(user.id or 0, (0.0, []))
    if not fields or monotonic() - read > _KEPT:
        fields = _read_fields(session)
        _options[user.id or 0] = (monotonic(), fields)
    return fields


def _read_fields(session: Session) -> list[dict[str, Any]]:
    people = [(person.name, person.name) for person in ticket_view.colleagues(session)]
    groups = [(name, name) for name in teams.names(session)]
    choices = [
        ("category", "Category", sorted(taxonomy.titles(session).items(), key=lambda pair: pair[1])),
        ("priority", "Priority", [(str(value), str(value)) for value in reversed(Priority)]),
        ("language", "Language", [(code, name) for code, name in words.LANGUAGE.items() if name]),
        ("channel", "Channel", list(words.CHANNEL.items())),
        ("assignee", "Assigned to", [("me", "me"), ("none", "nobody"), *people]),
        ("team", "Group", groups),
        ("is", "State", [(value, value) for value in ticket_filter.STATES]),
    ]
    made: list[dict[str, Any]] = [
        {"name": name, "label": label, "kind": "choice", "options": options} for name, label, options in choices if options
    ]
    made += [{"name": name, "label": label, "kind": "day"} for name, label in (("after", "Since"), ("before", "Before"))]
    return made
