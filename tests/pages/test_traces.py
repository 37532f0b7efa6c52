"""The traces screen: whose runs one sees, and one run with its story and its steps."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlmodel import select

from tests.pages.desk import html, keys_of, open_small_desk, opened
from triage.models import BadAnswer, Role


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with open_small_desk(tmp_path_factory.mktemp("traces")) as opened_desk:
        yield opened_desk


def test_staff_see_the_runs_of_their_own_tickets_only(desk: Any) -> None:
    assert "1 run" in html(opened(desk, "traces.py", Role.STAFF))
    assert "2 runs" in html(opened(desk, "traces.py", Role.MANAGER))
    refused = html(opened(desk, "traces.py", Role.STAFF, run="other"))
    assert "somebody else" in refused and "parcel" not in refused


def test_a_run_tells_its_story(desk: Any) -> None:
    shown = html(opened(desk, "traces.py", Role.STAFF, run="mine"))
    assert "The writer drafted 1 sentence, 1 of them with a source." in shown
    assert "Choose a step above" in shown


def test_a_step_shows_exactly_what_went_in_and_came_out_as_text(desk: Any) -> None:
    shown = html(opened(desk, "traces.py", Role.ADMIN, run="other", step="0"))
    assert "Asked with &lt;script&gt;alert(1)&lt;/script&gt; inside" in shown and "<script>" not in shown
    assert "Open Plan." in shown
    assert "Where is my &lt;b&gt;parcel&lt;/b&gt;?" in shown


@pytest.mark.parametrize(
    "address", [{"run": "nope"}, {"ticket": "999"}, {"outcome": "x", "page": "-1", "days": "q"}, {"view": "failed"}]
)
def test_odd_addresses_are_answered_in_words(desk: Any, address: dict[str, str]) -> None:
    shown = html(opened(desk, "traces.py", Role.ADMIN, **address))
    assert "no run" in shown or "No run fits" in shown or "2 runs" in shown


def test_every_filter_is_in_the_address_and_narrows(desk: Any) -> None:
    for name, value in (("agent", "writer"), ("model", "offline"), ("words", "open plan."), ("customer", "c1@customer.example")):
        shown = html(opened(desk, "traces.py", Role.ADMIN, **{name: value}))
        assert ("1 run" if name == "customer" else "2 runs") in shown, name
    for name, value in (
        ("agent", "analyst"),
        ("error", "any"),
        ("error", "timeout"),
        ("cost", "1"),
        ("took", "60"),
        ("view", "forks"),
    ):
        assert "No run fits these filters" in html(opened(desk, "traces.py", Role.ADMIN, **{name: value})), name
    assert "2 runs" in html(
        opened(desk, "traces.py", Role.ADMIN, prompt="writer:999", tool="nothing")
    )  # not offered, not applied


def test_the_deciding_step_is_opened_by_its_address_and_by_its_button(desk: Any) -> None:
    assert "The step to look at: the draft was written here." in html(
        opened(desk, "traces.py", Role.STAFF, run="mine", step="deciding")
    )
    page = opened(desk, "traces.py", Role.STAFF, run="mine")
    page.button(key="to_blame").click().run()
    assert "What came out" in html(page) and page.query_params["step"] == "0"


def test_words_are_found_within_a_run_and_marked_in_its_text(desk: Any) -> None:
    page = opened(desk, "traces.py", Role.ADMIN, run="other", find="<SCRIPT>")
    assert "1 step says it" in html(page)
    page.button(key="hit_next").click().run()
    assert 'Asked with <mark class="td-found">&lt;script&gt;</mark>' in html(page) and "1 of 1 step" in html(page)
    assert "No step says that." in html(opened(desk, "traces.py", Role.ADMIN, run="other", find="zebra"))


def test_two_runs_stand_beside_each_other(desk: Any) -> None:
    shown = html(opened(desk, "traces.py", Role.ADMIN, run="mine", against="other"))
    assert "The runs are the same, step by step." in shown and "1 step the same: Writer drafts" in shown
    refused = html(opened(desk, "traces.py", Role.STAFF, run="mine", against="other"))
    assert "somebody else" in refused and "parcel" not in refused
    page = opened(desk, "traces.py", Role.ADMIN, run="mine")
    next(field for field in page.text_input if field.label.startswith("Any other run")).set_value("oth")
    next(button for button in page.button if button.label == "Compare with it").click().run()
    assert page.query_params["against"] == "other" and "Step by step" in html(page)


def test_what_cannot_be_replayed_says_so(desk: Any) -> None:
    page = opened(desk, "traces.py", Role.ADMIN, run="mine", step="0")
    assert page.button(key="replay").disabled and "what it started from was not kept" in page.button(key="replay").help
    assert page.button(key="fork_open").disabled
    assert "fork_open" not in keys_of(opened(desk, "traces.py", Role.MANAGER, run="mine", step="0"))


def test_a_bad_answer_is_reported_with_its_reason(desk: Any) -> None:
    page = opened(desk, "traces.py", Role.STAFF, run="mine")
    page.radio(key="bad_reason_run_mine").set_value("tone")
    page.text_input(key="bad_comment_run_mine").set_value("Too stiff")
    page.button(key="bad_send_run_mine").click().run()
    with desk.database.read() as session:
        made = session.exec(select(BadAnswer)).one()
    assert (made.reason, made.comment, made.run_id) == ("tone", "Too stiff", "mine")
    assert page.text_input(key="bad_comment_run_mine").value == ""
