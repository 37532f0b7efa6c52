"""Switches that admins turn in the desk, kept in the database with who turned them and when."""

from dataclasses import dataclass

from sqlalchemy import select as columns
from sqlmodel import Session, col

from triage import audit
from triage.database import direct
from triage.errors import InputError
from triage.models import WorkspaceSetting, now


@dataclass(frozen=True)
class Switch:
    """A setting of the desk: its default and what it does, in one sentence for the settings screen."""

    default: object
    help: str


SWITCHES = {
    "every_draft_needs_manager": Switch(False, "Every draft waits for a manager, also a routine one."),
    "articles_need_review": Switch(False, "A new or changed article is published only after another administrator approved it."),
    "unsupported_needs_manager": Switch(True, "A draft with a sentence that no source supports waits for a manager."),
    "minimum_confidence": Switch(0.45, "Below this confidence (0 to 1) a ticket is escalated instead of answered."),
    "extra_escalation_phrases": Switch([], "Phrases that always escalate a ticket, beside the built-in list."),
    "injection_threshold": Switch(0.5, "From this score (0 to 1) a message that looks like orders to the machine is flagged."),
    "own_rules": Switch([], "Rules of the desk's own: words and phrases that flag a text or send it to a person."),
    "style_rules": Switch([], "How the writer writes: rules that people made of edits, each on or off."),
    "cover_personal_data": Switch(
        False, "Model services get placeholders such as [PERSON_1] instead of names, addresses and numbers of people."
    ),
    "action_policy": Switch(
        "", "The action policy as written on the Guardrails screen; empty: the one that comes with the desk."
    ),
    "allowed_link_hosts": Switch([], "Hosts that replies may link to, beside those in the machine's settings."),
    "webhooks_tell_content": Switch(
        False, "Webhooks are told subjects and words of tickets, not only their numbers and what happened."
    ),
    "limits": Switch({}, "Limits of tokens, money and calls that administrators set over the machine's settings."),
    "confidence_scale": Switch({}, "Learnt every night from decided drafts: how the agents' own confidence is to be read."),
    "ask_for_rating": Switch(
        False, "Ask customers by mail how it went, once for each matter that was resolved (needs TRIAGE_PUBLIC_URL)."
    ),
    "rating_delay_hours": Switch(24.0, "Hours between the end of a matter and the mail that asks how it went."),
    "low_rating_reopens": Switch(False, "A rating of 1 or 2 opens the ticket again for a person."),
    "recording": Switch(
        "full",
        "What recorded runs keep once they have ended: full, redacted (without personal data) or none. Only full ones can be replayed.",
    ),
    "recording_days": Switch(90.0, "Days until the content of recorded runs is removed; their figures stay. 0: never."),
    "exercises_per_100": Switch(
        2.0,
        "Exercises among 100 decisions of a person who wants reviewer signals: drafts with a known mistake that are never sent. 0: none.",
    ),
    "signature": Switch("", "Ends every reply; empty: the name replies are sent from."),
}


CHOICES = {"recording": ("full", "redacted", "none")}
"""Switches that take one of a few values."""

_TURNED = columns(col(WorkspaceSetting.key), col(WorkspaceSetting.value))


def get(session: Session, key: str) -> object:
    """The switch's value, or its default."""
    row = session.get(WorkspaceSetting, key)
    return row.value["value"] if row else SWITCHES[key].default


def values(session: Session) -> dict[str, object]:
    """All switches at once: what admins set, and the defaults of the others."""
    direct.settle(session)
    turned = {key: value["value"] for key, value in direct.rows(session, _TURNED) if key in SWITCHES}
    return {key: turned.get(key, switch.default) for key, switch in SWITCHES.items()}


def put(session: Session, key: str, value: object, *, user_id: int) -> None:
    """Turn a switch; raises InputError for an unknown name or a value of another type."""
    if key not in SWITCHES:
        raise InputError(f"There is no setting called {key}; choose one of {', '.join(SWITCHES)}.")
    expected = type(SWITCHES[key].default)
    if not isinstance(value, expected) and not (expected is float and type(value) is int):
        raise InputError(f"{key} takes a {expected.__name__}, not {value!r}.")
    if key in CHOICES and value not in CHOICES[key]:
        raise InputError(f"{key} is one of {', '.join(CHOICES[key])}, not {value!r}.")
    row = session.get(WorkspaceSetting, key) or WorkspaceSetting(key=key)
    row.value, row.updated_by, row.updated_at = {"value": value}, user_id, now()
    session.add(row)
    audit.append(session, "setting", actor=f"user:{user_id}", key=key, value=value)


def learnt(session: Session, key: str, value: object) -> None:
    """Keep what the desk learnt by itself; told in the audit log when it changed."""
    row = session.get(WorkspaceSetting, key) or WorkspaceSetting(key=key)
    if row.value != {"value": value}:
        row.value, row.updated_by, row.updated_at = {"value": value}, None, now()
        session.add(row)
        audit.append(session, "learnt", actor="clock", key=key, value=value)
