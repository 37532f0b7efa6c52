"""The settings screen: oneself for all, reading for managers, people and keys for administrators."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlmodel import select

from knowledge_base.embedding import embedder
from tests.pages.desk import html, keys_of, open_small_desk, opened, person, warnings
from triage import administration, workspace
from triage.accounts import apikeys, sessions
from triage.errors import AccessError, InputError
from triage.models import CustomField, LoginSession, Macro, Role, User
from triage.settings import Settings


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with open_small_desk(tmp_path_factory.mktemp("settings")) as opened_desk:
        yield opened_desk


@pytest.mark.parametrize("part", ["people", "keys", "desk", "machine", "health"])
def test_staff_see_only_themselves_at_every_address(desk: Any, part: str) -> None:
    page = opened(desk, "settings.py", Role.STAFF, part=part)
    assert "Your account" in html(page) and "Ines" not in html(page)
    assert keys_of(page) == {"sign_out_all"}


def test_managers_read_the_desk_and_turn_nothing(desk: Any) -> None:
    page = opened(desk, "settings.py", Role.MANAGER, part="desk")
    assert "Articles need a review" in html(page) and not {key for key in keys_of(page) if key.startswith("turn_")}
    assert "Your account" in html(opened(desk, "settings.py", Role.MANAGER, part="people"))
    assert "offline engine does all four roles" in html(opened(desk, "settings.py", Role.MANAGER, part="machine"))


def test_an_invitation_is_shown_once_and_the_person_can_be_switched_off_at_once(desk: Any) -> None:
    page = opened(desk, "settings.py", Role.ADMIN, part="people")
    page.text_input(key="invite_email").set_value("new@desk.example")
    page.text_input(key="invite_name").set_value("Noor New")
    page.selectbox(key="invite_role").set_value(Role.MANAGER)
    page.button(key="invite_go").click().run()
    assert not page.exception
    assert any("/invite/" in code.value for code in page.code)
    assert page.text_input(key="invite_email").value == "" == page.text_input(key="invite_name").value
    page.button(key="link_done").click().run()
    assert not page.code
    with desk.database.transaction() as session:
        person_ = session.exec(select(User).where(User.email == "new@desk.example")).one()
        cookie = sessions.create(session, person_, settings=desk.settings)
    page.button(key=f"off_{person_.id}").click().run()
    with desk.database.read() as session:
        assert session.get_one(User, person_.id).disabled_at
        assert session.exec(select(LoginSession.revoked_at).where(LoginSession.user_id == person_.id)).one()
        with pytest.raises(AccessError):
            sessions.load(session, cookie, desk.settings)


def test_a_bad_address_is_named_and_what_was_typed_stays(desk: Any) -> None:
    page = opened(desk, "settings.py", Role.ADMIN, part="people")
    page.text_input(key="invite_email").set_value("no address")
    page.button(key="invite_go").click().run()
    assert "is not an e\\-mail address" in warnings(page) and page.text_input(key="invite_email").value == "no address"


def test_a_key_is_shown_once_and_ends_at_once(desk: Any) -> None:
    page = opened(desk, "settings.py", Role.ADMIN, part="keys")
    page.text_input(key="key_name").set_value("contact-form")
    page.button(key="key_go").click().run()
    plain = page.code[0].value
    assert page.text_input(key="key_name").value == ""
    with desk.database.read() as session:
        key = apikeys.find(session, plain)
    assert key
    assert plain not in html(opened(desk, "settings.py", Role.ADMIN, part="keys"))
    page.button(key=f"revoke_{key.id}").click().run()
    with desk.database.read() as session:
        assert apikeys.find(session, plain) is None


def test_only_administrators_manage_people_and_nobody_switches_themselves_off(desk: Any) -> None:
    manager, admin = person(desk, Role.MANAGER), person(desk, Role.ADMIN)
    with pytest.raises(AccessError):
        desk.database.run_now(lambda s: administration.people(s, manager))
    with pytest.raises(AccessError):
        desk.database.run_now(lambda s: administration.create_key(s, manager, "x"))
    with pytest.raises(InputError):
        desk.database.run_now(lambda s: administration.set_enabled(s, admin, admin.id or 0, False))


def test_the_same_model_for_writer_and_reviewer_is_said() -> None:
    same = Settings(openai_base_url="http://127.0.0.1:1/v1", model_writer="m", model_reviewer="m")
    assert "checks its own work" in administration.models_note(same)
    assert administration.models_in_use(same)[0].models[-1] == "offline"
    assert administration.models_note(Settings(openai_base_url="http://127.0.0.1:1/v1")) == ""
    judging = Settings(openai_base_url="http://127.0.0.1:1/v1", model_writer="m", model_judge="m")
    assert "judges its own sentences" in administration.models_note(judging)
    assert administration.models_in_use(judging)[-1] == administration.ModelRow("judge", ["m"])


def test_categories_and_groups_are_made_and_taught(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "embedder", embedder(), raising=False)
    page = opened(desk, "settings.py", Role.ADMIN, part="groups")
    page.text_input(key="group_name").set_value("Billing desk")
    page.button(key="group_add").click().run()
    assert not page.exception and "Billing desk" in html(page)
    page = opened(desk, "settings.py", Role.ADMIN, part="categories", category="new")
    page.text_input(key="category_title_new").set_value("Invoices and VAT")
    page.selectbox(key="category_team_new").set_value("Billing desk")
    page.button(key="category_save").click().run()
    assert not page.exception
    page = opened(desk, "settings.py", Role.ADMIN, part="categories", category="invoices_and_vat")
    page.text_area(key="example_new").set_value("Where can I download my invoice?")
    page.button(key="example_add").click().run()
    assert (
        not page.exception and "Where can I download my invoice?" in html(page) and page.text_area(key="example_new").value == ""
    )
    page = opened(desk, "settings.py", Role.MANAGER, part="categories")
    shown = html(page)
    assert "Invoices and VAT" in shown and "Billing desk" in shown and "too few" in shown
    assert "category_new" not in {button.key for button in page.button}


def test_the_delay_of_a_rating_is_a_number_of_hours(desk: Any) -> None:
    page = opened(desk, "settings.py", Role.ADMIN, part="desk")
    assert page.number_input(key="turn_rating_delay_hours").value == 24
    page.number_input(key="turn_rating_delay_hours").set_value(48).run()
    page.toggle(key="turn_ask_for_rating").set_value(True).run()
    with desk.database.read() as session:
        assert (workspace.get(session, "rating_delay_hours"), workspace.get(session, "ask_for_rating")) == (48.0, True)


def test_macros_are_written_tried_and_shown_to_staff(desk: Any) -> None:
    page = opened(desk, "settings.py", Role.STAFF, part="macros", macro="new")
    page.text_input(key="macro_title_new").set_value("Greeting")
    page.text_area(key="macro_body_new").set_value("Hello {{customer.first_name}}, {{order.number}}")
    page.text_input(key="macro_try").set_value("1").run()
    assert "Cannot be filled: " in html(page) and "order.number" in html(page)
    page.button(key="macro_save").click().run()
    assert not page.exception
    with desk.database.read() as session:
        row = session.exec(select(Macro)).one()
    listed = opened(desk, "settings.py", Role.STAFF, part="macros")
    assert "Greeting" in html(listed) and f"macro_open_{row.id}" in keys_of(listed)


def test_fields_are_defined_on_their_screen(desk: Any) -> None:
    page = opened(desk, "settings.py", Role.ADMIN, part="fields")
    page.text_input(key="field_title_new").set_value("Cause")
    page.selectbox(key="field_kind_new").set_value("choice").run()
    page.text_area(key="field_choices_new").set_value("Wear\nMisuse")
    page.button(key="field_save_new").click().run()
    assert not page.exception and "Cause" in html(page)
    with desk.database.read() as session:
        assert session.exec(select(CustomField)).one().choices == ["Wear", "Misuse"]
