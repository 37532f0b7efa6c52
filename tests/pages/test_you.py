"""The screen about oneself, and the targets under Settings: what each role sees and changes there."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlmodel import select

from tests.pages.desk import html, keys_of, open_small_desk, opened, person
from triage.models import NoticeSettings, Role, TargetPlan
from triage.notifications import reading
from triage.notifications.telling import tell
from triage.reviewing import consent
from triage.reviewing.consent import Word
from triage.sla import plan


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with open_small_desk(tmp_path_factory.mktemp("you")) as opened_desk:
        yield opened_desk


def test_what_one_was_told_is_listed_and_marked(desk: Any) -> None:
    user = person(desk, Role.STAFF)
    with desk.database.transaction() as session:
        note = tell(session, "assigned", "Marco gave you <b>#1</b>", user_id=user.id)
        session.flush()
        number = note.id
    page = opened(desk, "you.py", Role.STAFF)
    assert "Marco gave you &lt;b&gt;#1" in html(page) and "Given to you" in html(page)
    page.button(key=f"note_{number}").click().run()
    with desk.database.read() as session:
        assert reading.unread(session, user) == 0
    assert "Nothing unread" in html(opened(desk, "you.py", Role.STAFF, show="unread"))


def test_everybody_chooses_what_to_be_told_and_when_not(desk: Any) -> None:
    user = person(desk, Role.STAFF)
    page = opened(desk, "you.py", Role.STAFF, part="choices")
    page.checkbox(key="tell_gap_mail").check().run()
    page.text_input(key="quiet_from").set_value("22:00")
    page.text_input(key="quiet_to").set_value("7 o'clock")
    page.button(key="quiet_save").click().run()
    page.text_input(key="quiet_to").set_value("07:00")
    page.button(key="quiet_save").click().run()
    assert not page.exception
    with desk.database.read() as session:
        kept = session.get_one(NoticeSettings, user.id)
        assert kept.events == {"gap": ["desk", "mail"]} and (kept.quiet["from"], kept.quiet["to"]) == ("22:00", "07:00")
    assert "Your account" in html(opened(desk, "you.py", Role.STAFF, part="account"))


def test_signals_of_reviewing_are_off_until_one_wants_them_and_off_again_at_once(desk: Any) -> None:
    user = person(desk, Role.STAFF)
    page = opened(desk, "you.py", Role.STAFF, part="signals")
    assert page.radio(key="signals_word").value == Word.OFF and "Faster than reading" not in html(page)
    page.radio(key="signals_word").set_value(Word.OWN).run()
    assert not page.exception and "Faster than reading" in html(page) and "0 of 0 approvals" in html(page)
    with desk.database.read() as session:
        assert consent.word(session, user) == Word.OWN and consent.sharing(session) == []
    page.radio(key="signals_word").set_value(Word.OFF).run()
    assert "Faster than reading" not in html(page)
    with desk.database.read() as session:
        assert consent.of(session, user) is None


def test_a_manager_tries_a_target_and_switches_it_on(desk: Any) -> None:
    page = opened(desk, "settings.py", Role.MANAGER, part="targets")
    page.text_input(key="time_1_0_low_next_reply").set_value("soon").run()
    assert "is no time" in html(page) and "targets_try" not in keys_of(page)
    page.text_input(key="time_1_0_low_next_reply").set_value("19 h").run()
    assert "next reply 19 h instead of 20 h" in html(page) and "targets_on" not in keys_of(page)
    page.button(key="targets_try").click().run()
    page.button(key="targets_on").click().run()
    assert not page.exception and "counts now" in html(page)
    with desk.database.read() as session:
        assert plan.current(session)[1].policies[0].minutes("low", "next_reply") == 19 * 60
        assert len(session.exec(select(TargetPlan)).all()) == 2


def test_a_new_policy_keeps_what_stands_in_the_fields(desk: Any) -> None:
    page = opened(desk, "settings.py", Role.MANAGER, part="targets")
    page.text_input(key="time_1_0_low_next_reply").set_value("19 h").run()
    page.button(key="policy_add_1").click().run()
    assert not page.exception
    assert page.text_input(key="time_2_1_low_next_reply").value == "19 h"
    assert "New policy “Policy 1”" in html(page)


def test_webhooks_of_the_desk_are_the_administrators(desk: Any) -> None:
    assert not {"shared_hook_go", "turn_webhooks_tell_content"} & keys_of(
        opened(desk, "settings.py", Role.MANAGER, part="webhooks")
    )
    assert {"shared_hook_go", "turn_webhooks_tell_content"} <= keys_of(opened(desk, "settings.py", Role.ADMIN, part="webhooks"))
