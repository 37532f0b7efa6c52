from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.accounts import access
from triage.accounts.access import ROLES, Permission, can_decide, may, require
from triage.errors import AccessError
from triage.models import Draft, Role, Status, Ticket, User

P = Permission
roles = st.sampled_from(list(Role))
drafts = st.builds(
    Draft,
    id=st.just(5),
    ticket_id=st.just(3),
    episode_id=st.just(1),
    approver=st.sampled_from(["staff", "manager", "", "nobody"]),
)
tickets = st.builds(
    Ticket, id=st.just(3), approver=st.sampled_from(["staff", "manager", ""]), status=st.sampled_from(list(Status))
)


def person(role: Role | str, *, disabled: bool = False) -> User:
    return User(
        id=1, email="a@example.com", name="A", role=role, disabled_at=datetime(2026, 1, 1, tzinfo=UTC) if disabled else None
    )


def test_the_table_is_the_designed_one() -> None:
    assert Role.STAFF in ROLES and Role.MANAGER in ROLES and Role.ADMIN in ROLES
    own = {
        P.DECIDE_SENSITIVE,
        P.SIGN_OFF,
        P.SEE_FIGURES,
        P.READ_MACHINERY,
        P.SHARE_VIEWS,
        P.ACCEPT_STYLE,
        P.MARK_TRAINEES,
        P.EDIT_TARGETS,
    }
    assert ROLES[Role.MANAGER] - ROLES[Role.STAFF] == own
    assert ROLES[Role.ADMIN] - ROLES[Role.MANAGER] == {P.EDIT_KNOWLEDGE, P.EDIT_MACHINERY, P.MANAGE_PEOPLE}
    assert ROLES[Role.ADMIN] == set(Permission)


@given(role=roles, permission=st.sampled_from(list(Permission)))
def test_a_higher_role_may_all_that_a_lower_one_may(role: Role, permission: Permission) -> None:
    order = list(Role)
    if may(person(role), permission):
        assert all(may(person(higher), permission) for higher in order[order.index(role) :])


@given(role=roles, draft=drafts, ticket=tickets)
def test_a_trainee_decides_nothing(role: Role, draft: Draft, ticket: Ticket) -> None:
    assert not can_decide(person(role).model_copy(update={"trainee": True}), draft, ticket)


@given(role=roles, permission=st.sampled_from(list(Permission)))
def test_a_disabled_person_may_nothing(role: Role, permission: Permission) -> None:
    assert not may(person(role, disabled=True), permission)


@given(permission=st.sampled_from(list(Permission)))
def test_an_unknown_role_may_nothing(permission: Permission) -> None:
    assert not may(person("owner"), permission)
    with pytest.raises(AccessError):
        require(person("owner"), permission)


@given(draft=drafts, ticket=tickets, switch=st.booleans())
def test_staff_never_decide_what_is_sensitive_in_any_way(draft: Draft, ticket: Ticket, switch: bool) -> None:
    sensitive = switch or draft.approver != "staff" or ticket.approver != "staff" or ticket.status == Status.ESCALATED
    assert can_decide(person(Role.STAFF), draft, ticket, every_draft_needs_manager=switch) is not sensitive
    for role in (Role.MANAGER, Role.ADMIN):
        assert can_decide(person(role), draft, ticket, every_draft_needs_manager=switch)
        assert not can_decide(person(role, disabled=True), draft, ticket, every_draft_needs_manager=switch)


def test_a_draft_is_only_decided_with_its_own_ticket() -> None:
    draft = Draft(id=5, ticket_id=4, episode_id=1)
    assert not can_decide(person(Role.ADMIN), draft, Ticket(id=3))


def test_the_refusal_names_who_may() -> None:
    with pytest.raises(AccessError, match="ask a person with the role manager"):
        access.require(person(Role.STAFF), P.DECIDE_SENSITIVE)
    with pytest.raises(AccessError, match="with the role admin"):
        access.require(person(Role.MANAGER), P.MANAGE_PEOPLE)
