"""Ask the data on the metrics screen: from a question to a query to an answer, for managers only."""

import struct
from collections.abc import Iterator
from typing import Any, cast

import pytest
from sqlmodel import Session, select
from streamlit.testing.v1 import AppTest

from pages.parts import ask_answer, chart_files, chart_style, charts
from pages.parts.chart_files import Taken
from tests.asking.conftest import office as small
from tests.learning.conftest import fill
from tests.pages.test_metrics import html, opened
from triage import office
from triage.asking.running import Answer
from triage.database import Database, migrate, open_database
from triage.models import Role, SavedQuestion, now
from triage.settings import Settings


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    home = tmp_path_factory.mktemp("ask")
    database = open_database(Settings(home=home))
    migrate(database)
    with database.transaction() as session:
        fill(session, now())
    desk = small(database, home)
    desk.settings = Settings(home=home, demo=True)
    office.use(cast(Any, desk))
    yield database
    office.use(None)
    database.close()


@pytest.fixture
def session(past: Database) -> Iterator[Session]:
    with past.read() as session:
        yield session


def press(page: AppTest, key: str) -> None:
    page.button(key=key).click().run()
    assert not page.exception


def test_a_question_becomes_a_query_and_its_answer(session: Session, past: Database) -> None:
    page = opened(session, Role.MANAGER)
    page.text_input(key="ask_question").set_value("What share of tickets was escalated by category?")
    press(page, "ask_go")
    assert "percent_escalated" in page.text_area(key="ask_sql").value and "Escalated tickets, by category" in html(page)
    assert "By the definition of" in html(page) and "open=escalation_rate" in html(page)
    assert "box_answer" not in str(page.main)  # nothing ran yet
    press(page, "ask_run")
    assert " rows · " in html(page)
    page.text_area(key="ask_sql").set_value("SELECT email FROM user").run()
    press(page, "ask_run")
    assert "There is no view called user" in html(page) and " rows · " not in html(page)
    page.text_area(key="ask_sql").set_value("SELECT ticket_id, category FROM ask_tickets LIMIT 2").run()
    press(page, "ask_run")
    assert html(page).count("?view=all&amp;ticket=") >= 2
    page.text_input(key="ask_name").set_value("Two tickets").run()
    press(page, "ask_save_go")
    with past.read() as fresh:
        assert fresh.exec(select(SavedQuestion.name)).all() == ["Two tickets"]
    again = opened(session, Role.ADMIN)
    press(again, "ask_open_1")
    assert "ask_tickets" in again.text_area(key="ask_sql").value
    press(again, "ask_drop_1")
    with past.read() as fresh:
        assert not fresh.exec(select(SavedQuestion)).all()


def test_an_unknown_question_offers_others_that_work(session: Session) -> None:
    page = opened(session, Role.MANAGER)
    page.text_input(key="ask_question").set_value("What colour is the sky?")
    press(page, "ask_go")
    assert "not among those the desk knows" in html(page)
    near = next(str(button.key) for button in page.button if str(button.key).startswith("ask_near_"))
    press(page, near)
    assert "SELECT" in page.text_area(key="ask_sql").value


def test_staff_have_no_ask(session: Session) -> None:
    page = opened(session, Role.STAFF)
    assert "Ask the data" not in html(page) and not any("ask_" in str(button.key) for button in page.button)


# ---- shapes and files -------------------------------------------------------------------------------------


def answer(columns: str, *rows: tuple[Any, ...]) -> Answer:
    return Answer("", tuple(columns.split()), rows, False, 0.1)


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (answer("tickets", (3,)), "figure"), (answer("percent cases", (12.5, 40)), "figure"), (answer("started_day tickets", ("2026-11-01", 1), ("2026-11-02", 4)), "line"),
        (answer("started_month category tickets", ("2026-10", "a", 1), ("2026-11", "b", 4)), "line"), (answer("category tickets", ("a", 1), ("b", None)), "bars"),
        (answer("started_hour tickets", (8, 1), (9, 3)), "bars"), (answer("ticket_id cost_usd", (8, 1.5), (9, 3.0)), "table"), (answer("category tickets"), "table"),
        (answer("a b c", ("x", "y", 1), ("x", "z", 2)), "table"), (answer("category n", *[(f"c{n}", n) for n in range(40)]), "table"), (answer("category", ("a",)), "table"),
    ],
)  # fmt: skip
def test_the_chart_fits_the_answer(found: Answer, kind: str) -> None:
    assert ask_answer.shape(found).kind == kind


def test_a_chart_is_described_in_words() -> None:
    found = answer("category hours_to_first_reply", ("billing", 3.25), ("machine_fault", 12.0))
    said = ask_answer.described(found, ask_answer.shape(found))
    assert said == "Bars: Hours to first reply by category; highest 12.0 (Machine fault), lowest 3.25 (Billing)"


def test_values_and_titles_are_plain() -> None:
    assert [ask_answer.title(name) for name in ("started_week", "percent_escalated", "cost_usd", "COUNT(*)")] == [
        "Week of",
        "Percent escalated",
        "Cost USD",
        "COUNT",
    ]
    assert [ask_answer.text(value, "n") for value in (1234, 0.0, 1.23456, None, 12345.678)] == [
        "1,234",
        "0",
        "1.2346",
        "–",
        "12,345.7",
    ]
    assert (
        ask_answer.text(9, "started_hour") == "09:00"
        and ask_answer.text("1 Monday", "started_weekday") == "Monday"
        and ask_answer.text(4711, "ticket_id") == "4711"
    )


@pytest.mark.parametrize("tones", [chart_style._LIGHT, chart_style._DARK], ids=["light", "dark"])
def test_a_picture_is_a_png_of_the_chart_on_the_desks_background(tones: dict[str, str]) -> None:
    rows = [{"what": "Billing", "value": 3, "shown": "3"}, {"what": "Orders", "value": 9, "shown": "9"}]
    data = chart_files.png(Taken(charts.answer_bars(rows, "Tickets"), rows, "Tickets", "last week", 80), tones)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    assert width > 1_500 and height > 200


def test_a_spreadsheet_takes_no_cell_for_a_formula() -> None:
    text = chart_files.csv([{"a": "=1+1", "b": -2}, {"a": "@x", "c": 'say "hi"'}])
    assert text.splitlines() == ["a,b,c", "'=1+1,-2,", '\'@x,,"say ""hi"""']
