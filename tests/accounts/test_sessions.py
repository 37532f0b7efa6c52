from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlmodel import Session, select

from triage.accounts import cookies, sessions, users
from triage.errors import InputError, SignedOut
from triage.models import AuditEvent, LoginSession, Role, User, clock_at, now
from triage.settings import Settings


@pytest.fixture
def ada(session: Session) -> User:
    return users.create(session, email="Ada@Example.com ", name="Ada", role=Role.STAFF, actor="test")


def test_a_cookie_leads_to_its_person(session: Session, machine: Settings, ada: User) -> None:
    cookie = sessions.create(session, ada, settings=machine)
    assert sessions.load(session, cookie, machine).email == "ada@example.com"


@tries(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.text(max_size=200))
def test_made_up_cookies_lead_nowhere(session: Session, machine: Settings, value: str) -> None:
    with pytest.raises(SignedOut):
        sessions.load(session, value, machine)


@tries(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_cookie_leads_nowhere(session: Session, machine: Settings, ada: User, data: st.DataObject) -> None:
    cookie = sessions.create(session, ada, settings=machine)
    place = data.draw(st.integers(0, len(cookie) - 1))
    letter = data.draw(st.characters(min_codepoint=33, max_codepoint=126))
    changed = cookie[:place] + letter + cookie[place + 1 :]
    kind = data.draw(st.sampled_from(["replace", "cut", "extend"]))
    changed = {"replace": changed, "cut": cookie[:place], "extend": cookie + letter}[kind]
    if changed == cookie:
        return
    try:
        found = sessions.find(session, changed, machine)
    except SignedOut:
        return
    # Base64 has spare bits at its end: another spelling of the very same signed value is no forgery.
    assert cookies.read_session(changed, machine) == found.session.id == cookies.read_session(cookie, machine)


def test_a_cookie_signed_with_another_secret_leads_nowhere(session: Session, machine: Settings, ada: User) -> None:
    other = machine.model_copy(update={"secret": SecretStr("another secret")})
    with pytest.raises(SignedOut):
        sessions.load(session, sessions.create(session, ada, settings=other), machine)


def test_a_session_ends_when_idle_and_is_prolonged_in_use(session: Session, machine: Settings, ada: User) -> None:
    start = now()
    cookie = sessions.create(session, ada, settings=machine)
    row = session.exec(select(LoginSession)).one()
    assert not sessions.due_for_touch(row)
    with clock_at(start + timedelta(hours=7)):
        assert sessions.due_for_touch(row)
        sessions.touch(session, row.id)
    with clock_at(start + timedelta(hours=18)):
        sessions.load(session, cookie, machine)
    with clock_at(start + timedelta(hours=20)), pytest.raises(SignedOut):
        sessions.load(session, cookie, machine)


def test_no_session_outlives_a_week(session: Session, machine: Settings, ada: User) -> None:
    start = now()
    sessions.create(session, ada, settings=machine)
    row = session.exec(select(LoginSession)).one()
    for hour in range(0, 7 * 24, 6):
        with clock_at(start + timedelta(hours=hour)):
            sessions.touch(session, row.id)
    assert row.expires_at <= row.created_at + timedelta(days=7)
    with clock_at(start + timedelta(days=7)):
        sessions.touch(session, row.id)
        assert row.expires_at <= now() + timedelta(seconds=1)


def test_signing_out_ends_one_session_and_everywhere_ends_all(session: Session, machine: Settings, ada: User) -> None:
    first, second, third = (sessions.create(session, ada, settings=machine) for _ in range(3))
    sessions.revoke(session, sessions.find(session, first, machine).session.id)
    with pytest.raises(SignedOut):
        sessions.load(session, first, machine)
    assert sessions.load(session, second, machine)
    kept = sessions.find(session, third, machine).session.id
    assert sessions.revoke_all(session, ada.id or 0, actor="test", except_id=kept) == 1
    with pytest.raises(SignedOut):
        sessions.load(session, second, machine)
    assert sessions.load(session, third, machine)


def test_a_disabled_person_is_out_at_once_and_stays_out(session: Session, machine: Settings, ada: User) -> None:
    cookie = sessions.create(session, ada, settings=machine)
    users.disable(session, ada, actor="user:1")
    with pytest.raises(SignedOut):
        sessions.load(session, cookie, machine)
    users.enable(session, ada, actor="user:1")
    with pytest.raises(SignedOut):
        sessions.load(session, cookie, machine)
    kinds = [event.kind for event in session.exec(select(AuditEvent))]
    assert kinds[-3:] == ["signed_out_everywhere", "user_disabled", "user_enabled"]


def test_a_demo_person_has_no_session_outside_demo_mode(session: Session, machine: Settings) -> None:
    visitor = User(email="demo@larkfield.example", name="Demo", demo=True)
    session.add(visitor)
    session.flush()
    cookie = sessions.create(session, visitor, settings=machine)
    with pytest.raises(SignedOut):
        sessions.load(session, cookie, machine)
    assert sessions.load(session, cookie, machine.model_copy(update={"demo": True})).demo


def test_the_last_administrator_stays(session: Session) -> None:
    boss = users.create(session, email="boss@example.com", name="Boss", role="admin", actor="test")
    session.add(User(email="demo@example.com", name="Demo", role=Role.ADMIN, demo=True))
    for change in (lambda: users.disable(session, boss, actor="x"), lambda: users.set_role(session, boss, "staff", actor="x")):
        with pytest.raises(InputError, match="last administrator"):
            change()
    second = users.create(session, email="second@example.com", name="Second", role="admin", actor="test")
    users.set_role(session, boss, "staff", actor="x")
    assert boss.role == Role.STAFF
    with pytest.raises(InputError):
        users.disable(session, second, actor="x")


@pytest.mark.parametrize("email", ["", "ada", "a b@example.com", "ada@", "<ada@example.com>", "a@b\n"])
def test_what_is_no_address_is_refused(session: Session, email: str) -> None:
    if email == "a@b\n":
        assert users.clean_email(email) == "a@b"
        return
    with pytest.raises(InputError, match="not an e-mail address"):
        users.create(session, email=email, name="Ada", role="staff", actor="test")


def test_an_address_has_one_account(session: Session, ada: User) -> None:
    with pytest.raises(InputError, match="account already"):
        users.create(session, email="ADA@example.com", name="Ada Two", role="staff", actor="test")
    with pytest.raises(InputError, match="no role"):
        users.create(session, email="b@example.com", name="B", role="owner", actor="test")
