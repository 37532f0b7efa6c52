"""The metrics screen: what each role sees, filters in the address, and the tickets behind a number."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import altair as alt
import pytest
from sqlmodel import Session, col, select
from streamlit.testing.v1 import AppTest

import pages
from pages.parts import board, charts, graph
from tests.homes import fresh
from tests.learning.conftest import fill
from triage import office
from triage.database import Database
from triage.learning.metrics import (
    METRICS,
    BusinessHours,
    Counts,
    Figure,
    Filters,
    Window,
    claims,
    compute,
    reports,
    slices,
    tickets,
    timing,
)
from triage.learning.metrics import wording as figures
from triage.learning.metrics.before import Before
from triage.learning.metrics.reports import outcomes
from triage.models import Role, RunStep, User, now
from triage.settings import Settings

PAGE = str(Path(pages.__file__).with_name("metrics.py"))


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    settings = Settings(home=tmp_path_factory.mktemp("metrics"), demo=True)
    database = fresh(settings)
    with database.transaction() as session:
        fill(session, now())  # pages run in a thread of their own, by the real clock
    office.use(cast(Any, SimpleNamespace(settings=settings, database=database)))
    yield database
    office.use(None)
    database.close()


@pytest.fixture
def session(past: Database) -> Iterator[Session]:
    with past.read() as session:
        yield session


def opened(session: Session, role: Role, **address: str) -> AppTest:
    user = session.exec(select(User).where(User.role == role).order_by(User.id)).first()  # type: ignore[arg-type]
    assert user
    page = AppTest.from_file(PAGE, default_timeout=120)
    page.session_state["stand_in_user"] = user.id
    for name, value in address.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def html(page: AppTest) -> str:
    return " ".join(str(getattr(element.proto, "body", "")) for element in page.get("html"))


def data_of(page: AppTest, key: str) -> dict[str, Any]:
    """What a component of our own was given to draw."""
    found = next(element.proto for element in page.get("bidi_component") if element.proto.id.endswith(f"-{key}"))
    print(found.ListFields()[-3:])
    told: dict[str, Any] = json.loads(found.json)
    return told


def window() -> Window:
    return Window.last(30, BusinessHours())


def test_a_manager_sees_everybody_and_can_choose_a_person(session: Session) -> None:
    page = opened(session, Role.MANAGER)
    assert [box.label for box in page.selectbox] == ["Range", "Category", "Language", "Channel", "Person"]
    assert "Nadia Brandt" in page.selectbox[4].options
    assert "Your own figures" not in html(page)


def test_staff_see_their_own_figures_whatever_the_address_says(session: Session) -> None:
    staff = session.exec(select(User).where(User.role == Role.STAFF).order_by(User.id)).all()  # type: ignore[arg-type]
    page = opened(session, Role.STAFF, person=str(staff[1].id), open="volume")
    assert [box.label for box in page.selectbox] == ["Range", "Category", "Language", "Channel"]
    assert "Your own figures" in html(page)
    own = compute(session, "volume", window(), Filters(person=staff[0].id))
    assert f"{own.numerator:,} of {own.denominator:,} tickets" in html(page)


def test_filters_live_in_the_address(session: Session) -> None:
    page = opened(session, Role.MANAGER, days="7", category="orders_shipping")
    assert page.selectbox[0].value == "7" and page.selectbox[1].value == "orders_shipping"
    page.selectbox[2].set_value("de").run()
    assert page.query_params["language"] == "de"
    assert "previous 7 days" in html(page)


def test_nonsense_in_the_address_changes_nothing(session: Session) -> None:
    page = opened(session, Role.MANAGER, days="-1", category="<script>", person="x", open="no_such_metric", figures="?")
    assert [box.value for box in page.selectbox] == ["", "", "", "", ""]
    assert "previous 30 days" in html(page)


def test_the_dialog_lists_exactly_the_tickets_behind_the_number(session: Session) -> None:
    page = opened(session, Role.MANAGER, open="escalation_rate")
    listed = html(page)
    for ticket in tickets(session, "escalation_rate", window()):
        assert f'ticket={ticket}"' in listed
    assert METRICS["escalation_rate"].definition in listed
    assert "missing knowledge" in listed


def test_a_reason_and_a_day_open_their_tickets(session: Session) -> None:
    behind = tickets(session, "escalation_rate", window(), part=("reason", "missing knowledge"))
    assert html(opened(session, Role.MANAGER, open="escalation_rate~missing knowledge")).count("ticket=") == len(behind)
    day = next(row for row in outcomes(session, window()) if row["outcome"] == "resolved")
    assert html(opened(session, Role.MANAGER, open=f"outcome~resolved~{day['day']}")).count("ticket=") == day["tickets"]
    whole = html(opened(session, Role.MANAGER, open="outcome~resolved~yesterday")).count("ticket=")
    assert whole == min(100, compute(session, "assisted_resolution", window()).numerator)


def test_every_chart_is_what_vega_lite_understands(session: Session) -> None:
    """The page itself does not hold its charts against the schema, which would take longer than drawing them."""
    drawn = opened(session, Role.MANAGER).get("vega_lite_chart")
    assert len(drawn) >= 6
    for chart in drawn:
        alt.Chart.from_dict(json.loads(chart.proto.spec) | {"data": {"name": "rows"}})
    with pytest.raises(Exception, match="was expected"):
        alt.Chart.from_dict({"mark": "bars", "data": {"name": "rows"}})


def layers(page: AppTest, key: str) -> list[dict[str, Any]]:
    """A chart of the page, layer by layer."""
    found = next(json.loads(chart.proto.spec) for chart in page.get("vega_lite_chart") if chart.proto.id.endswith(f"-{key}"))
    return [each for layer in found.get("layer", [found]) for each in layer.get("layer", [layer])]


def rows_of(own: Window, label: str) -> list[dict[str, Any]]:
    """What the chart of outcomes is drawn from."""
    return board.load(board.Asked(own, own.previous(BusinessHours()), Filters(), label)).outcomes


def test_charts_over_time_have_the_period_before_as_a_dashed_line(session: Session) -> None:
    page = opened(session, Role.MANAGER, days="14")
    own = Window.last(14, BusinessHours())
    _, _, dashed, points = layers(page, "chart_outcome")
    rows = rows_of(own, "Last 14 days")
    assert sum(row["tickets"] for row in rows) == compute(session, "volume", own).numerator
    assert sum(row["before_tickets"] for row in rows) == compute(session, "volume", own.previous(BusinessHours())).numerator > 0
    assert dashed["encoding"]["strokeDash"]["scale"]["domain"] == ["14 days before"]
    assert points["encoding"]["tooltip"][1]["title"] == "14 days before"
    assert sum("days before" in chart.proto.spec for chart in page.get("vega_lite_chart")) == 3  # outcomes, drafts and targets
    volume = next(tile for tile in data_of(page, "tiles")["tiles"] if tile["id"] == "volume")
    assert len(volume["before"]) == len(volume["points"]) and any(volume["before"])
    page.button(key="table_outcome").click().run()
    heads = [column["label"] for column in data_of(page, "table_of_outcome")["columns"]]
    assert heads == ["Day", "Outcome", "Tickets", "Day, period before", "Tickets, period before"]


def test_what_is_lies_above_what_was_where_both_are_lines() -> None:
    rows = [
        {"week": week, "what": "resolution", "share": 1.0, "basis": "9 of 9", "before_share": 1.0, "before_basis": "8 of 8"}
        for week in ("2026-11-02", "2026-11-09")
    ]
    drawn = charts.lines(rows, "30 days before").to_dict(validate=False)["layer"]
    assert [layer["encoding"]["y"]["field"] for layer in drawn] == [*["before_share"] * 3, "share"]


def test_a_long_range_is_drawn_by_week(session: Session) -> None:
    own = Window.last(365, BusinessHours())
    [bars] = layers(opened(session, Role.MANAGER, days="365"), "chart_outcome")
    assert bars["encoding"]["x"]["field"] == "week" and len(bars["encoding"]["x"]["scale"]["domain"]) in (53, 54)
    rows = rows_of(own, "Last 12 months")
    assert sum(row["tickets"] for row in rows) == compute(session, "volume", own).numerator
    assert {row["week"] for row in rows} <= set(bars["encoding"]["x"]["scale"]["domain"])


def test_a_week_known_in_part_is_not_drawn_as_a_low_one(session: Session) -> None:
    hours = BusinessHours()
    began = hours.day_of(reports.began(session))
    monday = began + timedelta(days=14 - began.weekday())
    days = (monday - began).days + 10  # so that the first day known is a Thursday
    before = Before(Counts(session), Window.of_days(monday, monday + timedelta(days=days - 1), hours))
    told = {row["week"] for row in board._by_week(before) if row["before_tickets"] is not None}
    assert before.first.weekday() == 3 and told and min(told) > before.first.isoformat()


def test_a_desk_younger_than_the_period_before_draws_no_line(session: Session) -> None:
    page = opened(session, Role.MANAGER, days="90")
    assert "Nothing to compare" in html(page) and "Compare: previous 14 days" in html(opened(session, Role.MANAGER, days="14"))
    assert not any("strokeDash" in layer["encoding"] for layer in layers(page, "chart_outcome"))
    assert not any(point for tile in data_of(page, "tiles")["tiles"] for point in tile["before"])


def test_a_week_of_an_outcome_opens_its_tickets(session: Session) -> None:
    own = Window.last(365, BusinessHours())
    rows = outcomes(session, own)
    monday = next(row["day"] for row in rows if row["outcome"] == "resolved")
    monday -= timedelta(days=monday.weekday())
    count = sum(row["tickets"] for row in rows if row["outcome"] == "resolved" and 0 <= (row["day"] - monday).days < 7)
    assert html(opened(session, Role.MANAGER, days="365", open=f"outcome~resolved~{monday}~week")).count("ticket=") == count


def test_days_without_tickets_keep_their_place() -> None:
    days = [f"2026-11-{day:02}" for day in range(1, 15)]
    rows = [{"day": days[3], "outcome": "open", "tickets": 2, "before_day": "2026-10-21", "before_tickets": 1}]
    drawn = charts.by_day(rows, {"open": "still open"}, days, before="14 days before").to_dict(validate=False)
    assert drawn["layer"][0]["encoding"]["x"]["scale"]["domain"] == days
    [line] = (
        [values for values in drawn["datasets"].values() if "was" in values[0]]
        if "datasets" in drawn
        else [drawn["layer"][1]["layer"][0]["data"]["values"]]
    )
    assert [(row["day"], row["was"]) for row in line] == [(day, int(day == days[3])) for day in days[3:]]


def test_the_csv_has_every_figure_as_computed(session: Session) -> None:
    user = session.exec(select(User)).first()
    asked = board.Asked(window(), window().previous(BusinessHours()), Filters(language="en"), "Last 30 days")
    found = board.load(asked)
    assert user
    rows = {row["metric"]: row for row in csv.DictReader(io.StringIO(board.csv(found, user)))}
    assert list(rows) == list(METRICS)
    figure = compute(session, "accepted_as_is", window(), Filters(language="en"))
    assert rows["accepted_as_is"]["numerator"] == str(figure.numerator)
    assert float(rows["accepted_as_is"]["value"]) == pytest.approx(figure.value, rel=1e-5)
    assert rows["accepted_as_is"]["filters"] == "language=en"


def test_every_chart_is_a_table_too(session: Session) -> None:
    page = opened(session, Role.MANAGER)
    names = [str(button.key).removeprefix("table_") for button in page.button if str(button.key).startswith("table_")]
    assert {"outcome", "reasons", "times", "drafts", "sla", "speed"} <= set(names)
    charts_before = len(page.get("vega_lite_chart"))
    files = {element.proto.id.rpartition("-")[2] for element in page.get("download_button")}
    assert {f"{kind}_{name}" for name in names for kind in ("csv", "png")} <= files
    page.button(key="table_reasons").click().run()
    assert len(page.get("vega_lite_chart")) == charts_before - 1
    rows = data_of(page, "table_of_reasons")["rows"]
    shown = {row["cells"][0]["text"]: row["cells"][1]["text"] for row in rows}
    assert shown == {
        part.label: f"{part.figure.numerator:,}" for part in slices(session, "escalation_rate", window(), by="reason")
    }
    assert page.button(key="table_reasons").label == "Chart"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("p90", 5400.0, "1.5 h"), ("cost_usd", 0.5, "$0.50"), ("share", 0.125, "12.5%"), ("tickets", 1200, "1,200"), ("enough", True, "yes"), ("day", None, "–")],
)  # fmt: skip
def test_values_of_a_table_are_words(name: str, value: object, words: str) -> None:
    assert graph.said(name, value) == words


def test_what_people_do_alone_stands_beside_the_claims(session: Session) -> None:
    page = opened(session, Role.MANAGER, days="90")
    rows = {row["id"]: row for row in data_of(page, "beside")["rows"]}
    held = {claim.assisted: claim for claim in claims(session, Window.last(90, BusinessHours()))}
    assert list(rows) == ["resolved_without_rework", "first_reply_assisted", "resolution_assisted", "csat_assisted"]
    for name, claim in held.items():
        cells = [cell["text"] for cell in rows[name]["cells"]]
        assert cells[1] == figures.shown(METRICS[name], claim.with_drafts)
        assert cells[5] == figures.claimed(claim.unit, claim.target)
        assert rows[name]["cells"][6]["chips"][0][0] == figures.reached(claim)
    assert held["resolved_without_rework"].reached is not None and held["resolution_assisted"].alone


@pytest.mark.parametrize("closer", ["", "reasons", "machine", "sure"])
def test_a_closer_look_draws_what_the_address_asks_for(session: Session, closer: str) -> None:
    page = opened(session, Role.MANAGER, closer=closer)
    tables = {str(button.key).removeprefix("table_") for button in page.button if str(button.key).startswith("table_")}
    wanted = {"": {"load"}, "reasons": {"weeks_escalation_rate", "weeks_rejection_rate"}, "machine": set(), "sure": {"sure"}}
    others = {name for view, names in wanted.items() if view != closer for name in names}
    assert wanted[closer] <= tables and not others & tables
    if closer == "machine":
        rows = {row["id"]: [cell["text"] for cell in row["cells"]] for row in data_of(page, "machine")["rows"]}
        speeds = {f"{speed.kind}~{speed.name}": speed for speed in reports.speeds(session, window())}
        assert list(rows) == list(speeds) and {name.partition("~")[0] for name in rows} == {"agent", "tool", "model"}
        assert all(rows[name][2] == f"{speed.calls:,}" for name, speed in speeds.items())
        assert all(rows[name][6] == figures.money(speed.cost_usd) for name, speed in speeds.items())


def test_a_tools_calls_have_their_cost_in_table_chart_and_files(past: Database) -> None:
    with past.transaction() as session:
        [step, *_] = session.exec(select(RunStep).where(RunStep.kind == "tool").order_by(col(RunStep.created_at).desc()))
        step.cost_usd = 0.25
        session.add(step)
        name = step.name
    with past.read() as session:
        page = opened(session, Role.MANAGER, closer="machine")
        rows = {row["id"]: [cell["text"] for cell in row["cells"]] for row in data_of(page, "machine")["rows"]}
        costs = {row: cells[6] for row, cells in rows.items() if row.startswith("tool~")}
        assert costs.pop(f"tool~{name}") == "$0.25" and set(costs.values()) == {"$0"}
        assert "$0.25" in str(data_of(_tabled(page, "cost"), "table_of_cost")["rows"])
        found = {row["metric"]: row for row in csv.DictReader(io.StringIO(_exported(session)))}
        assert float(found["cost_of_tools"]["value"]) == 0.25
    with past.transaction() as session:
        session.get_one(RunStep, step.id).cost_usd = 0.0


def _tabled(page: AppTest, name: str) -> AppTest:
    page.button(key=f"table_{name}").click().run()
    assert not page.exception
    return page


def _exported(session: Session) -> str:
    asked = board.Asked(window(), window().previous(BusinessHours()), Filters(), "")
    user = session.exec(select(User).where(User.role == Role.MANAGER)).first()
    assert user
    return board.csv(board._read(session, asked), user)


def test_a_cell_a_bar_and_a_week_open_exactly_their_tickets(session: Session) -> None:
    busiest = max(timing.week(session, window()), key=lambda hour: hour.messages)
    low, high = busiest.between
    listed = html(opened(session, Role.MANAGER, open=f"messages~{low:.0f}..{high:.0f}"))
    assert {f'ticket={number}"' in listed for number in tickets(session, "messages", window(), between=busiest.between)} == {True}
    slow = tickets(session, "resolution_business", window(), between=(14400, float("inf")))
    assert slow and html(opened(session, Role.MANAGER, open="resolution_business~14400..")).count("ticket=") == min(
        100, len(slow)
    )
    monday, part = reports.weekly(session, "escalation_rate", window(), by="reason")[0]
    week = html(opened(session, Role.MANAGER, open=f"escalation_rate~{part.label}~{monday}"))
    assert week.count("ticket=") == part.figure.numerator
    whole = html(opened(session, Role.MANAGER, open="messages~nonsense"))
    assert METRICS["messages"].definition in whole


def test_an_empty_desk_says_so(tmp_path: Path, past: Database) -> None:
    settings = Settings(home=tmp_path)
    database = fresh(settings)
    before = office.current()
    office.use(cast(Any, SimpleNamespace(settings=settings, database=database)))
    try:
        with database.transaction() as session:
            session.add(User(email="m@larkfield.example", name="Marco", role=Role.MANAGER))
        with database.read() as session:
            page = opened(session, Role.MANAGER)
        assert "No tickets in this range." in html(page) and "Nothing was escalated." in html(page)
    finally:
        office.use(before)
        database.close()


# ---- words ------------------------------------------------------------------------------------------------

SHARE, TIME = METRICS["accepted_as_is"], METRICS["first_reply_time"]


def figure(value: float, low: float, high: float, n: int = 100) -> Figure:
    return Figure(value, n, n, low, high, n >= 30)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0421, "42 ms"), (0.9999, "1.0 s"), (9.4, "9.4 s"), (48, "48 s"), (1080, "18 min"), (5400, "1.5 h"), (180000, "2.1 days")],
)
def test_durations_in_words(seconds: float, words: str) -> None:
    assert figures.seconds(seconds) == words


def test_a_change_is_coloured_only_when_it_is_outside_the_margin() -> None:
    better = figures.change(SHARE, figure(0.7, 0.66, 0.74), figure(0.6, 0.55, 0.65))
    noise = figures.change(SHARE, figure(0.7, 0.6, 0.8), figure(0.66, 0.5, 0.8))
    slower = figures.change(TIME, figure(1200, 1100, 1300), figure(600, 500, 700))
    assert better and (better.text, better.tone) == ("▲ 10.0", "o")
    assert noise and (noise.text, noise.tone) == ("▲ 4.0", "") and "within the margin" in noise.title
    assert slower and (slower.text, slower.tone) == ("▲ 100%", "b")


def test_little_data_makes_no_claim() -> None:
    few = figure(0.5, 0.1, 0.9, n=10)
    assert figures.shown(SHARE, few) == "not enough data"
    assert figures.change(SHARE, figure(0.7, 0.6, 0.8), few) is None
    volume = METRICS["volume"]
    counted = Figure(20.0, 20, 22, None, None, True)
    assert figures.change(volume, counted, counted, whole=False) is None


@pytest.mark.parametrize(
    ("totals", "top"),
    [([], 1), ([3, 5, 4], 5), ([4, 40], 40), ([5] * 20 + [9], 9), ([5] * 27 + [8, 12, 71], 15), ([6] * 29 + [80], 8)],
)
def test_a_day_that_towers_over_all_others_is_cut(totals: list[int], top: int) -> None:
    assert charts.ceiling(totals) == top
    rows = [{"day": f"2026-11-{day:02}", "outcome": "open", "tickets": count} for day, count in enumerate(totals, 1)]
    assert set(charts.towers(rows).values()) == {count for count in totals if count > top}
    parts = [part | {"outcome": outcome} for part in rows for outcome in ("resolved", "open")]
    heights = charts._cut(parts, ["resolved", "open"])
    assert [row["tickets"] for row in heights] == totals * 2 and all(row["shown"] <= row["tickets"] for row in heights)
    assert max((row["shown"] for row in heights), default=0) <= charts.ceiling([2 * total for total in totals])
