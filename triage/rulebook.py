"""The rules that administrators shape: checked before they count, switched on as numbered versions, taken back.

The present values are switches of the workspace (triage/workspace.py), so that a run reads them as before; a version
keeps all of them as they were from then on. The fixed rules (payments, deletions and what else the Guardrails screen
calls "always on") are not among them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, func, select

from triage import audit, workspace
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import ConflictError, InputError
from triage.guardrails import own_rules
from triage.models import RuleVersion, User

KEYS = (
    "every_draft_needs_manager",
    "unsupported_needs_manager",
    "minimum_confidence",
    "injection_threshold",
    "extra_escalation_phrases",
    "allowed_link_hosts",
    "own_rules",
    "style_rules",
)
TITLES = {
    "every_draft_needs_manager": "Every draft needs a manager",
    "unsupported_needs_manager": "Unsupported sentences need a manager",
    "minimum_confidence": "Least confidence for an answer",
    "injection_threshold": "How suspicious a text must look to be flagged",
    "extra_escalation_phrases": "Phrases that always go to a person",
    "allowed_link_hosts": "Hosts that replies may link to",
    "own_rules": "Rules of your own",
    "style_rules": "How the writer writes",
}
_BETWEEN = {"minimum_confidence": (0.0, 1.0), "injection_threshold": (0.2, 0.8)}
_MOST_LINES, _LONGEST_LINE = 500, 200
MOST_STYLE, LONGEST_STYLE = 60, 300  # rules, characters of one: all of them stand in every call of the writer
_OF_MANAGERS = {"style_rules"}  # what changes no guard is a manager's to change

Values = dict[str, Any]


@dataclass(frozen=True)
class Version:
    """A version with its author's name and what it changed, a sentence each."""

    version: RuleVersion
    by: str
    changes: list[str]


def current(session: Session) -> Values:
    """All editable rules as they count now."""
    values = workspace.values(session)
    return {key: values[key] for key in KEYS}


def checked(changes: Mapping[str, object]) -> Values:
    """The changes in the form they are kept. Raises InputError for a rule that cannot be used, with what to do."""
    return {key: _checked(key, value) for key, value in changes.items()}


def changed(session: Session, changes: Mapping[str, object]) -> Values:
    """All rules as they would be with `changes`."""
    return current(session) | checked(changes)


def switch_on(
    session: Session, user: User, changes: Mapping[str, object], *, note: str = "", base: Values | None = None, reverts: int | None = None
) -> RuleVersion | None:  # fmt: skip
    """Make changed rules count from now on, audited and as a new version; None when nothing differs.

    `base`: what the changes were tried against; raises ConflictError when somebody changed the rules since.
    """
    needed = Permission.ACCEPT_STYLE if set(changes) <= _OF_MANAGERS else Permission.EDIT_MACHINERY
    access.require(access.fresh(session, user), needed)
    before = current(session)
    if base is not None and base != before:
        raise ConflictError("Somebody changed the rules since this was tried; try it again on what counts now.")
    wanted = {key: value for key, value in checked(changes).items() if value != before[key]}
    if not wanted:
        return None
    number = _newest(session)
    if number == 0:
        number = 1
        session.add(RuleVersion(number=1, rules=before, note="As it was before the first change."))
    for key, value in wanted.items():
        workspace.put(session, key, value, user_id=user.id or 0)
    version = RuleVersion(number=number + 1, rules=before | wanted, note=note.strip()[:500], made_by=user.id, reverts=reverts)
    session.add(version)
    session.flush()
    said = differences(before, before | wanted)
    audit.append(session, "rules_changed", actor=f"user:{user.id}", version=version.number, changes=said, note=version.note)
    return version


def revert(session: Session, user: User, number: int) -> RuleVersion | None:
    """Make an earlier version count again, as a new one. Raises InputError when there is none of this number."""
    access.require(access.fresh(session, user), Permission.EDIT_MACHINERY)
    row = session.get(RuleVersion, number)
    if row is None:
        raise InputError(f"There is no version {number} of the rules; reload the page.")
    wanted = {key: value for key, value in row.rules.items() if key in KEYS}
    return switch_on(session, user, wanted, note=f"Back to version {number}.", reverts=number)


def versions(session: Session, user: User, *, limit: int = 20) -> list[Version]:
    """The last versions, newest first."""
    access.require(user, Permission.READ_MACHINERY)
    newest = (
        select(RuleVersion, User.name)
        .outerjoin(User, col(User.id) == RuleVersion.made_by)
        .order_by(col(RuleVersion.number).desc())
        .limit(limit + 1)
    )
    rows = [(row, name or "") for row, name in session.exec(newest)]
    older = [row.rules for row, _ in rows[1:]]
    said = [differences(before, row.rules) for (row, _), before in zip(rows, [*older, {}], strict=False)]
    return [Version(row, name, lines) for (row, name), lines in zip(rows, said, strict=True)][:limit]


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What changed from one set of values to another, a sentence each, for people."""
    said = []
    for key in KEYS:
        old, new = before.get(key), after.get(key)
        if old == new or old is None or new is None:
            continue
        if key == "own_rules":
            said += _own_differences(old, new)
        elif key == "style_rules":
            said += _style_differences(old, new)
        elif isinstance(new, list):
            gone, come = [one for one in old if one not in new], [one for one in new if one not in old]
            words = [f"with {', '.join(come)}"] * bool(come) + [f"without {', '.join(gone)}"] * bool(gone)
            said.append(f"{TITLES[key]}: {' and '.join(words)}.")
        else:
            said.append(f"{TITLES[key]}: {_word(new)} instead of {_word(old)}.")
    return said


def _own_differences(old: list[Any], new: list[Any]) -> list[str]:
    was, now = ({str(one.get("name")): one for one in rules} for rules in (old, new))
    said = [f"New rule “{name}”." for name in now if name not in was]
    said += [f"Rule “{name}” is gone." for name in was if name not in now]
    return said + [f"Rule “{name}” is changed." for name in now if name in was and now[name] != was[name]]


def style_text(text: str) -> str:
    """A style rule as it is kept: one line. Raises InputError when it is empty or too long."""
    line = " ".join(str(text).split())
    if not line or len(line) > LONGEST_STYLE:
        raise InputError(f"Write the rule in one sentence of at most {LONGEST_STYLE} characters.")
    return line


def _style_differences(old: list[Any], new: list[Any]) -> list[str]:
    was, now = ({str(one.get("text")): bool(one.get("on")) for one in rules} for rules in (old, new))
    said = [f"The writer follows: {text}" for text in now if text not in was]
    said += [f"The writer forgets: {text}" for text in was if text not in now]
    turned = [text for text in now if text in was and now[text] != was[text]]
    return said + [f"The writer {'follows again' if now[text] else 'follows no longer'}: {text}" for text in turned]


def _style_rules(value: object) -> list[dict[str, object]]:
    if not isinstance(value, list) or len(value) > MOST_STYLE or not all(isinstance(one, dict) for one in value):
        raise InputError(
            f"Style rules are a list of at most {MOST_STYLE}; switch off what is not needed any more and take it out."
        )
    kept = {style_text(str(one.get("text") or "")): bool(one.get("on", True)) for one in value}
    return [{"text": text, "on": on} for text, on in kept.items()]


def _word(value: object) -> str:
    return (
        ("on" if value else "off") if isinstance(value, bool) else f"{value:g}" if isinstance(value, int | float) else str(value)
    )


def _checked(key: str, value: object) -> object:
    if key not in KEYS:
        raise InputError(f"{key[:60]} is not a rule that can be changed here.")
    if key == "own_rules":
        return [rule.to_json() for rule in own_rules.parse(value)]
    if key == "style_rules":
        return _style_rules(value)
    if isinstance(workspace.SWITCHES[key].default, list):
        return _lines(key, value)
    if key in _BETWEEN:
        low, high = _BETWEEN[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise InputError(f"{TITLES[key]}: a number from {low:g} to {high:g}.")
        return float(value)
    if not isinstance(value, bool):
        raise InputError(f"{TITLES[key]}: on or off.")
    return value


def _lines(key: str, value: object) -> list[str]:
    if not isinstance(value, list):
        raise InputError(f"{TITLES[key]}: one a line.")
    kept = [line for line in dict.fromkeys(" ".join(str(one).split()) for one in value) if line]
    if len(kept) > _MOST_LINES or any(len(line) > _LONGEST_LINE for line in kept):
        raise InputError(f"At most {_MOST_LINES} lines of {_LONGEST_LINE} characters.")
    return kept


def _newest(session: Session) -> int:
    return session.exec(select(func.max(RuleVersion.number))).one() or 0
