"""What administrators turn and hand out on the Settings and Guardrails screens; every function asks who does it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from triage import rulebook, workspace
from triage.accounts import access, apikeys, links, sessions, users
from triage.accounts.access import Permission
from triage.errors import InputError
from triage.llm import EXTRAS, ROLES
from triage.models import ApiKey, LoginSession, Role, User, WorkspaceSetting, now
from triage.reviewing import making
from triage.settings import Settings

RULE_SWITCHES = ("every_draft_needs_manager", "unsupported_needs_manager")
PERSONAL_SWITCHES = ("cover_personal_data",)
WEBHOOK_SWITCHES = ("webhooks_tell_content",)
DESK_SWITCHES = (
    "articles_need_review",
    "signature",
    "ask_for_rating",
    "rating_delay_hours",
    "low_rating_reopens",
    "recording",
    "recording_days",
    "exercises_per_100",
)


@dataclass(frozen=True)
class SwitchRow:
    """A switch as it stands, and who turned it last."""

    key: str
    value: object
    help: str
    by: str = ""


@dataclass(frozen=True)
class PersonRow:
    user: User
    sessions: int
    invited: bool


@dataclass(frozen=True)
class ModelRow:
    """Which models a role asks, in order."""

    role: str
    models: list[str]


# ---- switches ---------------------------------------------------------------------------------------------


def switches(session: Session, user: User, keys: Sequence[str]) -> list[SwitchRow]:
    access.require(user, Permission.READ_MACHINERY)
    turned = {
        row.key: name or ""
        for row, name in session.exec(
            select(WorkspaceSetting, User.name).outerjoin(User, col(User.id) == WorkspaceSetting.updated_by)
        )
    }
    return [SwitchRow(key, workspace.get(session, key), workspace.SWITCHES[key].help, turned.get(key, "")) for key in keys]


def turn(session: Session, user: User, key: str, value: object) -> None:
    """Turn a switch; one of the rules becomes a version of them. Raises InputError for a value it cannot take."""
    access.require(access.fresh(session, user), Permission.EDIT_MACHINERY)
    if key in rulebook.KEYS:
        rulebook.switch_on(session, user, {key: value})
        return
    if key == "rating_delay_hours" and not (isinstance(value, int | float) and 0 <= value <= 24 * 30):
        raise InputError("The delay is 0 to 720 hours (30 days).")
    if key == making.RATE and not (isinstance(value, int | float) and 0 <= value <= making.MOST):
        raise InputError(f"Exercises are 0 to {making.MOST} of 100 decisions.")
    workspace.put(session, key, value, user_id=user.id or 0)


def style_changes(session: Session, user: User, *, limit: int = 6) -> list[tuple[datetime, str, str]]:
    """(when, who, what) of the last changes to how the writer writes, newest first."""
    found = [
        (version.version.made_at, version.by, said)
        for version in rulebook.versions(session, user)
        for said in version.changes
        if said.startswith("The writer ")
    ]
    return found[:limit]


# ---- oneself ----------------------------------------------------------------------------------------------


def sign_out_everywhere(session: Session, user: User, *, except_id: str = "") -> int:
    """End this person's sessions but the one named; returns how many ended."""
    return sessions.revoke_all(session, user.id or 0, actor=_actor(user), except_id=except_id)


# ---- people -----------------------------------------------------------------------------------------------


def people(session: Session, user: User) -> list[PersonRow]:
    """Everybody, with how many browsers they are signed in with."""
    access.require(access.fresh(session, user), Permission.MANAGE_PEOPLE)
    live = select(LoginSession.user_id, func.count()).where(
        col(LoginSession.revoked_at).is_(None), LoginSession.expires_at > now()
    )
    counted = dict(session.exec(live.group_by(col(LoginSession.user_id))).all())
    return [
        PersonRow(person, counted.get(person.id or 0, 0), person.password_hash is None and not person.demo)
        for person in users.listing(session)
    ]


def invite(session: Session, user: User, *, email: str, name: str, role: Role | str) -> tuple[User, str]:
    """A new account and the path of its one-time invitation."""
    access.require(access.fresh(session, user), Permission.MANAGE_PEOPLE)
    person, token = users.add(session, email=email, name=name, role=role, actor=_actor(user))
    return person, f"/invite/{token}"


def invite_again(session: Session, user: User, person_id: int) -> str:
    """The path of a new one-time link by which the person chooses a password; earlier links end."""
    access.require(access.fresh(session, user), Permission.MANAGE_PEOPLE)
    return f"/invite/{links.new_invite(session, _person(session, person_id), actor=_actor(user))}"


def set_role(session: Session, user: User, person_id: int, role: Role | str) -> None:
    access.require(access.fresh(session, user), Permission.MANAGE_PEOPLE)
    users.set_role(session, _person(session, person_id), role, actor=_actor(user))


def set_enabled(session: Session, user: User, person_id: int, enabled: bool) -> None:
    """Switch an account on, or off with all its sessions at once; nobody switches themselves off."""
    access.require(access.fresh(session, user), Permission.MANAGE_PEOPLE)
    if person_id == user.id and not enabled:
        raise InputError("You cannot switch your own account off; ask another administrator.")
    (users.enable if enabled else users.disable)(session, _person(session, person_id), actor=_actor(user))


# ---- keys -------------------------------------------------------------------------------------------------


def keys(session: Session, user: User) -> list[ApiKey]:
    access.require(access.fresh(session, user), Permission.MANAGE_PEOPLE)
    return apikeys.listing(session)


def create_key(session: Session, user: User, name: str) -> str:
    """A new key, whose only showing this is."""
    access.require(access.fresh(session, user), Permission.MANAGE_PEOPLE)
    return apikeys.create(session, name, actor=_actor(user), user_id=user.id)[1]


def revoke_key(session: Session, user: User, prefix: str) -> None:
    access.require(access.fresh(session, user), Permission.MANAGE_PEOPLE)
    apikeys.revoke(session, prefix, actor=_actor(user))


# ---- the machine ------------------------------------------------------------------------------------------


def models_in_use(settings: Settings) -> list[ModelRow]:
    """Each role's models in the order they are asked; the offline engine is always the last but for the ranker and the judge."""
    if not settings.uses_service:
        return [ModelRow(role, ["offline"]) for role in ROLES]
    chosen = {role: str(getattr(settings, f"model_{role}")) for role in ROLES}
    rows = [
        ModelRow(role, [*dict.fromkeys(m for m in (model, settings.model_fallback) if m), "offline"])
        for role, model in chosen.items()
    ]
    extras = {role: str(getattr(settings, f"model_{role}")) for role in EXTRAS}
    return [*rows, *(ModelRow(role, [model]) for role, model in extras.items() if model)]


def models_note(settings: Settings) -> str:
    """What people should know about the choice of models; empty when there is nothing to say."""
    if not settings.uses_service:
        return (
            "No model service is set, so the offline engine does all four roles. It sorts tickets by examples, composes replies from the "
            "articles' own sentences, and hands over what they do not answer. It does not understand language as a language model does."
        )
    if settings.model_writer == settings.model_reviewer:
        return f"Writer and reviewer are the same model ({settings.model_writer}): it checks its own work. Set TRIAGE_MODEL_REVIEWER to another."
    if settings.model_writer == settings.model_judge:
        return f"Writer and judge are the same model ({settings.model_writer}): it judges its own sentences. Set TRIAGE_MODEL_JUDGE to another."
    return ""


def _person(session: Session, person_id: int) -> User:
    person = session.get(User, person_id)
    if person is None:
        raise InputError("This person's account is gone; reload the page.")
    return person


def _actor(user: User) -> str:
    return f"user:{user.id}"
