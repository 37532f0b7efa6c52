from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from sqlmodel import Session, select

from triage.database import Database
from triage.errors import InputError
from triage.learning.metrics import (
    METRICS,
    BusinessHours,
    Figure,
    Filters,
    Window,
    cases,
    compute,
    newest,
    report,
    reports,
    series,
    slices,
    tickets,
)
from triage.learning.metrics.computing import values
from triage.learning.metrics.reports import choices, failures, outcomes, speeds, tickets_of_outcome
from triage.models import Customer, Decision, Draft, Episode, Message, PassageUse, Run, RunStep, SearchRecord, Ticket, User

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
HOURS = BusinessHours()
ALL = sorted(METRICS)


# ---- the number and the list are the same thing ------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_number_is_the_length_of_its_list(session: Session, window: Window, name: str) -> None:
    for filters in (Filters(), Filters(language="de", channel="email"), Filters(person=1)):
        figure = compute(session, name, window, filters)
        for side, number in (("numerator", figure.numerator), ("denominator", figure.denominator)):
            behind = cases(session, name, window, filters, side)
            assert len(behind) == number
            assert set(tickets(session, name, window, filters, side)) == {case.ticket_id for case in behind}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("by", ["category", "language", "channel", "person"])
def test_slices_add_up(session: Session, window: Window, name: str, by: str) -> None:
    whole, parts = compute(session, name, window), slices(session, name, window, by=by)
    if by == "person" and METRICS[name].collective:
        assert parts == []
        return
    assert sum(part.figure.numerator for part in parts) == whole.numerator
    assert sum(part.figure.denominator for part in parts) == whole.denominator
    for part in parts[:3]:
        if part.key is not None:
            assert compute(session, name, window, Filters(**{by: part.key})) == part.figure


@pytest.mark.parametrize("name", ALL)
def test_days_add_up(session: Session, window: Window, name: str) -> None:
    whole, days = compute(session, name, window), series(session, name, window)
    assert len(days) == 30
    assert days[-1][0] == date(2026, 11, 20)
    if METRICS[name].stock:
        assert days[-1][1] == whole
    else:
        assert sum(figure.numerator for _, figure in days) == whole.numerator
        assert sum(figure.denominator for _, figure in days) == whole.denominator


@pytest.mark.parametrize(("name", "by"), [(m.name, by) for m in METRICS.values() for by in m.breakdowns])
def test_reasons_split_the_numerator(session: Session, window: Window, name: str, by: str) -> None:
    whole, parts = compute(session, name, window), slices(session, name, window, by=by)
    assert sum(part.figure.numerator for part in parts) == whole.numerator
    for part in parts:
        assert part.figure.denominator == whole.denominator
        assert len(cases(session, name, window, part=(by, part.key))) == part.figure.numerator


@pytest.mark.parametrize("name", ALL)
def test_figures_are_sane(session: Session, window: Window, name: str) -> None:
    figure = compute(session, name, window)
    assert figure.numerator <= figure.denominator
    if figure.value is not None and figure.low is not None and figure.high is not None:
        assert figure.low <= figure.value <= figure.high
    if METRICS[name].unit == "share":
        assert figure.low is not None and 0 <= figure.low <= (figure.high or 0) <= 1
    assert METRICS[name].definition.endswith(".")


def test_outcomes_of_a_day_are_its_volume(session: Session, window: Window) -> None:
    rows = outcomes(session, window)
    for day, figure in series(session, "volume", window):
        assert sum(row["tickets"] for row in rows if row["day"] == day) == figure.numerator
    assisted = sum(row["tickets"] for row in rows if row["outcome"] == "resolved")
    assert assisted == compute(session, "assisted_resolution", window).numerator
    behind = tickets(session, "assisted_resolution", window)
    assert tickets_of_outcome(session, window, "resolved", limit=len(behind)) == (behind, False)


@pytest.mark.parametrize("name", ALL)
def test_the_newest_tickets_are_the_first_of_all(session: Session, window: Window, name: str) -> None:
    for side in ("numerator", "denominator"):
        behind = tickets(session, name, window, side=side)
        for limit in (1, 7, len(behind), len(behind) + 1):
            found, more = newest(session, name, window, side=side, limit=limit)
            assert found == behind[:limit]
            assert more == (limit < len(behind)) or (more and limit == len(behind))


def test_edit_classes_and_other_decisions_are_all_decisions(session: Session, window: Window) -> None:
    names = ("accepted_as_is", "light_edit", "middle_edit", "rewrite", "rejection_rate", "changes_requested")
    figures = [compute(session, name, window) for name in names]
    assert sum(figure.numerator for figure in figures) == figures[0].denominator


def test_failures_and_speeds_come_from_the_same_counts(session: Session, window: Window) -> None:
    for failure in failures(session, window, limit=100):
        assert 0 < failure.count <= compute(session, failure.metric, window).numerator
    found = speeds(session, window)
    assert {speed.name for speed in found} >= {"manager", "analyst", "writer", "reviewer", "knowledge"}
    assert all(speed.p50 <= speed.p95 <= speed.p99 for speed in found)


def test_report_has_every_metric_with_its_slices(session: Session, window: Window) -> None:
    rows = report(session, window, by="language")
    assert [row["metric"] for row in rows] == list(METRICS)
    assert {"value", "numerator", "denominator", "low", "high", "enough", "definition"} <= set(rows[0])
    assert rows[0]["by"][0]["language"] == "en"
    assert "orders_shipping" in dict(choices(session, window)["category"])
    with pytest.raises(InputError, match="category, language"):
        report(session, window, by="weather")
    with pytest.raises(InputError, match="no metric called"):
        compute(session, "luck", window)


# ---- a late event moves what it should, and nothing else ----------------------------------------------------


def _figures(session: Session, window: Window) -> dict[str, Figure]:
    return {name: compute(session, name, window) for name in ALL}


def _moved(before: dict[str, Figure], after: dict[str, Figure]) -> set[str]:
    return {name for name in ALL if before[name] != after[name]}


@pytest.fixture
def desk(empty: Database) -> Session:
    """Forty plain episodes in the first days of November, each answered and resolved within the hour."""
    with empty.transaction() as session:
        session.add(User(id=1, email="a@larkfield.example", name="Ada"))
        session.flush()
        for number in range(40):
            add_episode(session, number, datetime(2026, 11, 2, 9, number, tzinfo=UTC))
    session = Session(empty.engine)
    session.info["database"] = empty
    return session


def add_episode(session: Session, number: int, started: datetime, *, sent: str = "We are open at nine.") -> Episode:
    customer = Customer(external_id=f"C-{number}", name=f"Customer {number}", email=f"c{number}@post.example")
    session.add(customer)
    session.flush()
    ticket = Ticket(subject="Hours", status="resolved", category="product_advice", language="en", customer_id=customer.id)
    session.add(ticket)
    session.flush()
    replied, minutes = started + timedelta(minutes=30), timedelta(minutes=1)
    episode = Episode(
        ticket_id=ticket.id or 0, started_at=started, category="product_advice", language="en", first_reply_at=replied,
        first_reply_due=started + timedelta(hours=8), resolve_due=started + timedelta(hours=72),
        resolved_at=replied + timedelta(minutes=20), resolution="closed", replies=1,
    )  # fmt: skip
    session.add(episode)
    session.flush()
    run = Run(
        ticket_id=episode.ticket_id,
        episode_id=episode.id,
        status="ended",
        ended_at=started + minutes,
        started_at=started,
        cost_usd=0.01,
    )
    session.add(run)
    session.flush()
    session.add(RunStep(run_id=run.id, ordinal=0, kind="model", role="writer", name="offline", seconds=0.2))
    sentence = {"text": "We are open at nine.", "kind": "fact", "supported": True, "score": 0.9, "passages": ["hours#1"]}
    draft = Draft(
        ticket_id=episode.ticket_id, episode_id=episode.id or 0, run_id=run.id, status="approved", created_at=started + minutes,
        body="We are open at nine.", sentences=[sentence],
    )  # fmt: skip
    session.add(draft)
    session.flush()
    session.add(
        Decision(
            draft_id=draft.id or 0, ticket_id=episode.ticket_id, episode_id=episode.id or 0, user_id=1, kind="approve", seal="",
            body=sent, edit_distance=0.0, active_seconds=20.0, created_at=started + timedelta(minutes=29),
        )
    )  # fmt: skip
    session.add(Message(ticket_id=episode.ticket_id, episode_id=episode.id, direction="out", user_id=1, body=sent))
    return episode


OLD = Window(datetime(2026, 11, 1, 23, tzinfo=UTC), datetime(2026, 11, 8, 23, tzinfo=UTC))


def test_a_reopening_moves_only_what_looks_back(desk: Session) -> None:
    before = _figures(desk, OLD)
    first = desk.exec(select(Episode)).first()
    assert first and first.resolved_at
    desk.add(
        Episode(
            ticket_id=first.ticket_id,
            number=2,
            started_at=first.resolved_at + timedelta(days=6, hours=23),
            category=first.category,
        )
    )
    desk.commit()
    assert _moved(before, _figures(desk, OLD)) == {
        "reopen_rate", "durable_resolution", "first_contact_resolution", "cost_per_resolution",
    }  # fmt: skip
    assert tickets(desk, "reopen_rate", OLD) == [first.ticket_id]


def test_a_return_after_a_week_is_a_new_matter(desk: Session) -> None:
    before = _figures(desk, OLD)
    first = desk.exec(select(Episode)).first()
    assert first and first.resolved_at
    desk.add(Episode(ticket_id=first.ticket_id, number=2, started_at=first.resolved_at + timedelta(days=7, hours=1)))
    desk.commit()
    assert _moved(before, _figures(desk, OLD)) == {"reopen_rate"}


def test_another_ticket_of_the_same_customer_counts_as_a_return_on_the_same_matter_only(desk: Session) -> None:
    before = _figures(desk, OLD)
    ticket = desk.exec(select(Ticket)).first()
    assert ticket
    for category in ("billing_payments", "product_advice"):
        later = Ticket(customer_id=ticket.customer_id, category=category)
        desk.add(later)
        desk.flush()
        desk.add(Episode(ticket_id=later.id or 0, category=category, started_at=datetime(2026, 11, 9, 8, tzinfo=UTC)))
        desk.commit()
        expected = (
            {"durable_resolution", "first_contact_resolution", "cost_per_resolution"} if category == "product_advice" else set()
        )
        assert _moved(before, _figures(desk, OLD)) == expected


def test_a_late_rating_moves_the_rating_alone(desk: Session) -> None:
    before = _figures(desk, OLD)
    first = desk.exec(select(Episode)).first()
    assert first
    first.csat = 5
    desk.add(first)
    desk.commit()
    assert _moved(before, _figures(desk, OLD)) == {"csat", "csat_assisted"}


def test_a_new_ticket_today_moves_nothing_of_the_past(desk: Session) -> None:
    before = _figures(desk, OLD)
    add_episode(desk, 99, datetime(2026, 11, 20, 9, tzinfo=UTC))
    desk.commit()
    assert _moved(before, _figures(desk, OLD)) == set()


def test_a_late_escalation_is_no_longer_an_assisted_resolution(desk: Session) -> None:
    before = _figures(desk, OLD)
    first = desk.exec(select(Episode)).first()
    assert first
    first.escalated_at, first.escalation_reason = NOW, "customer_request"
    desk.add(first)
    desk.commit()
    assert _moved(before, _figures(desk, OLD)) == {
        "assisted_resolution", "escalation_rate", "resolved_without_rework", "ended_resolved", "ended_escalated",
    }  # fmt: skip


def test_an_undone_approval_counts_nowhere(desk: Session) -> None:
    decision = desk.exec(select(Decision)).first()
    assert decision
    decision.undone_at = NOW
    desk.add(decision)
    desk.commit()
    assert compute(desk, "accepted_as_is", OLD).denominator == 39
    assert compute(desk, "assisted_resolution", OLD).numerator == 39
    assert compute(desk, "unsupported_at_send", OLD).denominator == 39


# ---- single definitions -------------------------------------------------------------------------------------


def test_few_cases_are_not_enough(desk: Session) -> None:
    assert compute(desk, "accepted_as_is", OLD).enough
    few = Window(OLD.start, datetime(2026, 11, 2, 9, 29, tzinfo=UTC))
    assert compute(desk, "accepted_as_is", few).denominator == 29
    assert not compute(desk, "accepted_as_is", few).enough
    assert not compute(desk, "first_reply_time", few).enough


def test_nothing_at_all_has_no_value(empty: Database, window: Window) -> None:
    with empty.read() as session:
        for name in ALL:
            figure = compute(session, name, window)
            assert not figure.numerator and not figure.denominator
            assert figure.value in (None, 0.0)
        assert failures(session, window) == speeds(session, window) == outcomes(session, window) == []


def test_an_unsupported_sentence_that_was_edited_out_was_not_sent(desk: Session) -> None:
    draft = desk.exec(select(Draft)).first()
    assert draft
    wrong = {"text": "Even on Sunday.", "kind": "fact", "supported": False, "score": 0.1, "passages": []}
    courtesy = {"text": "Hello!", "kind": "courtesy", "supported": True, "score": 1, "passages": []}
    draft.sentences = [*draft.sentences, wrong, courtesy]
    desk.add(draft)
    desk.commit()
    at_draft, at_send = compute(desk, "unsupported_at_draft", OLD), compute(desk, "unsupported_at_send", OLD)
    assert (at_draft.numerator, at_draft.denominator) == (1, 41)
    assert (at_send.numerator, at_send.denominator) == (0, 40)
    assert compute(desk, "groundedness", OLD).value == pytest.approx((39 + 0.5) / 40)


def test_waiting_tickets_are_the_backlog_until_they_are_answered(desk: Session) -> None:
    add_episode(desk, 98, datetime(2026, 11, 4, 9, tzinfo=UTC))
    desk.commit()
    days = dict(series(desk, "backlog", Window(OLD.start, NOW)))
    assert days[date(2026, 11, 4)].value == 0
    half = replace(OLD, end=datetime(2026, 11, 4, 9, 10, tzinfo=UTC))
    assert compute(desk, "backlog", half).value == 1


def test_a_target_that_has_not_come_is_not_missed(desk: Session) -> None:
    ticket = Ticket()
    desk.add(ticket)
    desk.flush()
    started = datetime(2026, 11, 20, 14, tzinfo=UTC)
    desk.add(Episode(ticket_id=ticket.id or 0, started_at=started, first_reply_due=started + timedelta(hours=8)))
    desk.add(Episode(ticket_id=ticket.id or 0, number=2, started_at=started, first_reply_due=started + timedelta(minutes=5)))
    desk.commit()
    today = Window.of_days(date(2026, 11, 20), date(2026, 11, 20), HOURS)
    figure = compute(desk, "sla_first_reply", today)
    assert (figure.numerator, figure.denominator) == (0, 1)


def test_cost_counts_every_run_but_forks(desk: Session) -> None:
    episode = desk.exec(select(Episode)).first()
    assert episode
    desk.add(Run(ticket_id=episode.ticket_id, episode_id=episode.id, cost_usd=0.03, cause="changes"))
    desk.add(Run(ticket_id=episode.ticket_id, episode_id=episode.id, cost_usd=9.0, forked_at=2))
    desk.commit()
    assert compute(desk, "cost_per_ticket", OLD).value == pytest.approx(0.43 / 40)


def test_what_searches_find_and_what_becomes_of_passages(desk: Session) -> None:
    draft = desk.exec(select(Draft)).first()
    assert draft
    of = {"ticket_id": draft.ticket_id, "episode_id": draft.episode_id, "source": "agents"}
    first = SearchRecord(query="descale", hits=4, decision="answer", **of)
    desk.add_all([first, SearchRecord(query="football", hits=0, decision="abstain", **of)])
    desk.flush()
    desk.add_all([
        SearchRecord(query="descale it", hits=3, repeats=first.id, **of),
        SearchRecord(query="tried out by a person", hits=0, source="trial"),  # belongs to no ticket: in no figure
    ])  # fmt: skip
    given = {"draft_id": draft.id, "ticket_id": draft.ticket_id, "article": "descale"}
    desk.add_all([
        PassageUse(passage="descale#0", cited=True, kept=True, opened=True, vote=1, **given),
        PassageUse(passage="descale#1", cited=True, kept=False, vote=-1, **given),
        PassageUse(passage="descale#2", **given),
    ])  # fmt: skip
    desk.commit()
    found = {
        name: (figure.numerator, figure.denominator)
        for name in METRICS
        if name.startswith(("zero_", "searches_", "passages_", "evidence_"))
        for figure in [compute(desk, name, OLD)]
    }
    assert found == {
        "zero_results": (1, 3), "searches_unanswered": (1, 2), "searches_retried": (1, 3), "passages_cited": (2, 3),
        "evidence_opened": (1, 2), "passages_kept": (1, 2), "passages_wrong": (1, 2),
    }  # fmt: skip
    assert [(part.key, part.figure.numerator) for part in slices(desk, "passages_wrong", OLD, by="article")] == [("descale", 1)]


def test_weeks_add_up_and_models_split_both_sides(session: Session, window: Window) -> None:
    for name in ("escalation_rate", "rejection_rate"):
        parts = reports.weekly(session, name, window, by="reason")
        whole = {part.label: part.figure.numerator for part in slices(session, name, window, by="reason")}
        summed = {label: sum(p.figure.numerator for _, p in parts if p.label == label) for label in whole}
        assert parts and summed == whole and all(monday.weekday() == 0 for monday, _ in parts)
    for name in ("prompt_cache", "fallback_rate", "cost_of_agents"):
        whole_figure = compute(session, name, window)
        split = slices(session, name, window, by="model")
        assert sum(part.figure.denominator for part in split) == whole_figure.denominator
        assert sum(part.figure.numerator for part in split) == whole_figure.numerator
    models = {speed.name: speed for speed in reports.speeds(session, window) if speed.kind == "model"}
    agents = [speed for speed in reports.speeds(session, window) if speed.kind == "agent"]
    assert models and sum(speed.calls for speed in models.values()) == sum(speed.calls for speed in agents)
    assert sum(speed.cost_usd for speed in models.values()) == pytest.approx(sum(speed.cost_usd for speed in agents))
    assert {use.name for use in reports.models(session, window)} == set(models)


def test_cases_between_two_values_are_those_of_the_distribution(session: Session, window: Window) -> None:
    edges = (0.0, 900.0, 3600.0, 14400.0, float("inf"))
    took = values(session, "first_reply_business", window)
    for low, high in pairwise(edges):
        found = cases(session, "first_reply_business", window, between=(low, high))
        assert len(found) == sum(low <= value < high for value in took)
