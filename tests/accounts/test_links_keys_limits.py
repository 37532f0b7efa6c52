from datetime import timedelta

import pytest
from sqlmodel import Session, select

from triage import audit
from triage.accounts import apikeys, demo, links, ratelimit, sessions, users
from triage.errors import AccessError, InputError, SettingsError, SignedOut
from triage.models import ApiKey, Role, SetupLink, User, clock_at, now
from triage.settings import Settings, load_settings


def test_the_set_up_link_makes_one_administrator_once(session: Session, quick_hash: str) -> None:
    token, other = links.new_setup(session), links.new_setup(session)
    links.look_at_setup(session, token)
    user = links.redeem_setup(session, token, email="Boss@example.com", name="Boss", password_hash=quick_hash)
    assert user.role == Role.ADMIN and user.email == "boss@example.com" and not links.needs_setup(session)
    for used in (token, other):
        with pytest.raises(InputError, match="link"):
            links.redeem_setup(session, used, email="evil@example.com", name="Evil", password_hash=quick_hash)
    with pytest.raises(InputError, match="exists already"):
        links.new_setup(session)
    assert audit.verify(session) is None


def test_demo_people_do_not_count_as_accounts(session: Session) -> None:
    demo.ensure_people(session)
    demo.ensure_people(session)
    assert len(session.exec(select(User)).all()) == 3 and links.needs_setup(session)


def test_links_are_kept_as_hashes_and_grow_old(session: Session) -> None:
    token = links.new_setup(session)
    assert token not in session.exec(select(SetupLink)).one().token_hash
    with clock_at(now() + timedelta(hours=25)), pytest.raises(InputError, match="too old"):
        links.look_at_setup(session, token)


def test_an_invitation_lets_one_person_choose_a_password(session: Session, machine: Settings, quick_hash: str) -> None:
    user, first = users.add(session, email="ada@example.com", name="Ada", role="manager", actor="user:1")
    second = links.new_invite(session, user, actor="user:1")
    with pytest.raises(InputError):
        links.look_at_invite(session, first)
    assert links.look_at_invite(session, second).id == user.id
    cookie = sessions.create(session, user, settings=machine)
    links.redeem_invite(session, second, password_hash=quick_hash)
    assert users.check_sign_in(user, "correct horse battery") is user
    with pytest.raises(SignedOut):
        sessions.load(session, cookie, machine)
    with pytest.raises(InputError):
        links.redeem_invite(session, second, password_hash="other")


def test_links_of_one_kind_do_not_open_the_other(session: Session) -> None:
    setup = links.new_setup(session)
    with pytest.raises(InputError):
        links.look_at_invite(session, setup)
    _user, invite = users.add(session, email="ada@example.com", name="Ada", role="staff", actor="x")
    with pytest.raises(InputError):
        links.look_at_setup(session, invite)


def test_a_disabled_person_cannot_use_an_invitation(session: Session) -> None:
    user, token = users.add(session, email="ada@example.com", name="Ada", role="staff", actor="x")
    users.disable(session, user, actor="x")
    with pytest.raises(InputError):
        links.look_at_invite(session, token)


@pytest.mark.parametrize("change", [{"disabled_at": now()}, {"demo": True}, {"password_hash": None}])
def test_sign_in_is_refused_alike_for_every_reason(change: dict[str, object], quick_hash: str) -> None:
    user = User(email="a@example.com", name="A", password_hash=quick_hash).model_copy(update=change)
    for person, password in ((user, "correct horse battery"), (None, "correct horse battery")):
        with pytest.raises(AccessError, match=r"^The address or the password is not right\.$"):
            users.check_sign_in(person, password)


def test_an_account_is_braked_and_freed_again(session: Session) -> None:
    start = now()
    for number in range(ratelimit.PER_ACCOUNT):
        assert ratelimit.attempt(session, ratelimit.brakes(f"10.0.0.{number}", "ada@example.com")) == 0
    keys = ratelimit.brakes("10.9.9.9", " ADA@example.com")
    assert 0 < ratelimit.attempt(session, keys) <= ratelimit.WINDOW.total_seconds()
    assert ratelimit.attempt(session, ratelimit.brakes("10.9.9.9", "bob@example.com")) == 0
    with clock_at(start + ratelimit.WINDOW + timedelta(seconds=5)):
        assert ratelimit.attempt(session, keys) == 0
        ratelimit.forget_old(session)


def test_an_address_is_braked_whatever_the_account(session: Session) -> None:
    for number in range(ratelimit.PER_ADDRESS):
        assert ratelimit.attempt(session, ratelimit.brakes(f"2001:db8::{number:x}", f"user{number}@example.com")) == 0
    assert ratelimit.attempt(session, ratelimit.brakes("2001:db8::ffff", "new@example.com")) > 0
    assert ratelimit.attempt(session, ratelimit.brakes("2001:db8:1::1", "new@example.com")) == 0


def test_a_right_password_clears_the_account_but_not_the_address(session: Session) -> None:
    keys = ratelimit.brakes("10.0.0.1", "ada@example.com")
    for _ in range(9):
        ratelimit.attempt(session, keys)
    ratelimit.succeeded(session, keys)
    for _ in range(ratelimit.PER_ACCOUNT):
        assert ratelimit.attempt(session, keys) == 0
    assert ratelimit.waiting(session, ratelimit.brakes("10.0.0.1")) == 0
    assert ratelimit.attempt(session, keys) > 0


def test_keys_are_shown_once_and_end_at_once(session: Session) -> None:
    key, plain = apikeys.create(session, " contact  form ", actor="cli")
    assert key.name == "contact form" and plain not in session.exec(select(ApiKey)).one().key_hash
    found = apikeys.find(session, plain)
    assert found and found.id == key.id
    assert apikeys.find(session, plain + "x") is None and apikeys.find(session, "") is None
    apikeys.revoke(session, plain[:12], actor="cli")
    apikeys.revoke(session, key.prefix, actor="cli")
    assert apikeys.find(session, plain) is None
    with pytest.raises(InputError, match="no key"):
        apikeys.revoke(session, "nothing", actor="cli")
    with pytest.raises(InputError, match="name"):
        apikeys.create(session, "  ", actor="cli")


@pytest.mark.parametrize("address", ["0.0.0.0", "", "192.168.1.5", "::", "desk.example.com", "127.0.0.1.evil.example"])
def test_demo_mode_refuses_addresses_that_others_reach(address: str) -> None:
    machine = load_settings()
    shown = machine.model_copy(update={"demo": True})
    with pytest.raises(SettingsError, match=r"only starts on 127\.0\.0\.1"):
        demo.check_address(shown, address)
    with pytest.raises(SettingsError):
        demo.check_address(shown.model_copy(update={"host": address}), "127.0.0.1")
    demo.check_address(machine, address)


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1", "127.0.0.8"])
def test_demo_mode_starts_on_this_computer(address: str) -> None:
    demo.check_address(load_settings().model_copy(update={"demo": True, "host": address}), address)


def test_demo_people_sign_in_in_demo_mode_only(session: Session, machine: Settings) -> None:
    demo.ensure_people(session)
    with pytest.raises(AccessError, match="not in demo mode"):
        demo.person(session, "admin", machine)
    shown = machine.model_copy(update={"demo": True})
    assert {demo.person(session, role, shown).role for role in Role} == set(Role)
    with pytest.raises(AccessError, match="no such demo account"):
        demo.person(session, "owner", shown)
