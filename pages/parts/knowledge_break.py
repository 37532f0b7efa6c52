"""What would this break: the last tickets that cited an article, drafted again as if a version of it were published."""

from typing import Any

import streamlit as st
from markupsafe import Markup

from pages.parts import difference, office, screen, words
from pages.parts.markup import card, chip, mute, show, tag
from triage.library.article import ArticleView
from triage.models import RehearsedTicket, User
from triage.rehearsal import asking
from triage.rehearsal.asking import Report

_TONES = {"same": "o", "changed": "a", "unsupported": "b", "escalated": "b", "answered": "o", "failed": "w"}
_SAID = {
    "same": "the same", "changed": "changes", "unsupported": "more without a source", "escalated": "would be escalated",
    "answered": "would be answered", "failed": "could not be drafted",
}  # fmt: skip
_STATES = {"failed": "It ended early", "stopped": "It was stopped"}


def rehearsal(user: User, view: ArticleView) -> None:
    """The panel of one article: choose a version, see what it would change."""
    numbers = {str(v.number): _named(view, v.number) for v in view.versions}
    with st.columns([1, 2.4])[0]:
        chosen = int(screen.choice("Version", "v", numbers))
    report = office.read(lambda session: asking.report(session, user, view.row.id, chosen))
    running = report is not None and report.rehearsal.status in ("waiting", "running")
    st.fragment(_progress if running else _result, run_every="2s" if running else None)(user, view.row.id, chosen)


def _named(view: ArticleView, number: int) -> str:
    return f"Version {number}{' · published' if number == view.row.published else ''}"


def _progress(user: User, article: str, number: int) -> None:
    """How far it is; the whole page is drawn anew once it has ended."""
    report = office.read(lambda session: asking.report(session, user, article, number))
    if report is None or report.rehearsal.status not in ("waiting", "running"):
        st.rerun()
        return
    wanted = max(1, report.rehearsal.wanted)
    said = f"{report.done} of {words.plural(wanted, 'ticket')} drafted again"
    show(tag("div", said, tag("div", tag("i", style=f"width:{100 * report.done / wanted:.0f}%"), cls="td-meter"), role="status"))
    if report.summary:
        show(mute(f"So far {report.summary}."))
    if st.button("Stop", key="rehearsal_stop"):
        office.act(lambda session: asking.stop(session, user, report.rehearsal.id or 0))
        st.rerun()


def _result(user: User, article: str, number: int) -> None:
    report = office.read(lambda session: asking.report(session, user, article, number))
    _ask(user, article, number, again=report is not None)
    if report is None:
        show(
            mute("The real agents draft again what rested on this article. Nothing is sent, and nothing is written to a ticket.")
        )
        return
    _head(report)
    for row in report.tickets:
        show(_ticket(row, report.subjects.get(row.ticket_id, "")))


def _ask(user: User, article: str, number: int, *, again: bool) -> None:
    expected = office.read(lambda session: asking.forecast(session, user, office.desk(), article))
    if not expected.tickets:
        screen.empty(
            "Nothing rests on this article yet", "Once replies cite it, you can see here what a new version would change in them."
        )
        return
    label = "Draft them again" if again else f"Draft the last {words.plural(expected.tickets, 'ticket')} again"
    cost = (
        "costs nothing: the offline engine" if expected.model == "offline" else f"about ${expected.usd:.2f} with {expected.model}"
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button(label, key="rehearsal_start", type="secondary" if again else "primary"):
            if office.do(lambda session: asking.start(session, user, office.desk(), article, number)):
                st.rerun(scope="app")
            st.rerun(scope="app")
        show(mute(f"{words.plural(expected.tickets, 'ticket')} that cited it, before and after; {cost}."))


def _head(report: Report) -> None:
    rehearsal = report.rehearsal
    bad = any(row.verdict in ("escalated", "unsupported", "failed") for row in report.tickets)
    cost = f" · cost ${rehearsal.cost_usd:.2f}" if rehearsal.cost_usd else ""
    when = mute(" ", words.ago(rehearsal.ended_at or rehearsal.created_at), cost)
    if rehearsal.status in _STATES:
        said = f"{_STATES[rehearsal.status]} after {report.done} of {words.plural(rehearsal.wanted, 'ticket')}. {rehearsal.error}".strip()
        show(tag("div", said, cls="td-strip w", role="status"))
    if report.summary:
        show(tag("div", tag("b", f"{report.summary}."), when, cls=f"td-strip {'w' if bad else 'o'}", role="status"))
    for sentence in report.degraded:
        show(tag("div", sentence, cls="td-strip"))


def _ticket(row: RehearsedTicket, subject: str) -> Markup:
    """One ticket, folded; open when something got worse."""
    before, after = dict[str, Any](row.before), dict[str, Any](row.after)
    verdict = chip(_SAID.get(row.verdict, "waits"), _TONES.get(row.verdict, ""))
    head = tag("summary", verdict, " ", f"#{row.ticket_id} {subject}")
    if row.verdict in ("", "failed"):
        return tag("details", head, mute(str(after.get("error", "Not drafted yet."))), cls="td-fold")
    facts = [_route(before, after), _support(before, after), _sources(before, after)]
    body = card(
        tag(
            "div", screen.ticket_link(row.ticket_id, "Open the ticket"), mute(" · ".join(["", *[fact for fact in facts if fact]]))
        ),
        difference.inline(str(before.get("body", "")), str(after.get("body", ""))),
    )
    opened = row.verdict in ("escalated", "unsupported")
    return tag("details", head, body, cls="td-fold", open=opened)


def _route(before: dict[str, Any], after: dict[str, Any]) -> str:
    kinds = {"reply": "an answer", "holding": "a holding reply", "clarify": "a question back"}
    was, now = kinds.get(str(before["kind"]), ""), kinds.get(str(after["kind"]), "")
    return f"{was} before, {now} after" if was != now else ""


def _support(before: dict[str, Any], after: dict[str, Any]) -> str:
    """How many factual sentences have a source: 4 of 4 facts supported, before 3 of 4."""
    counts = []
    for side in (after, before):
        factual = [s for s in side["sentences"] if s["kind"] in ("fact", "step")]
        counts.append(f"{sum(bool(s['supported']) for s in factual)} of {words.plural(len(factual), 'fact')} supported")
    return counts[0] if counts[0] == counts[1] else f"{counts[0]}, before {counts[1]}"


def _sources(before: dict[str, Any], after: dict[str, Any]) -> str:
    gone, new = set(before["articles"]) - set(after["articles"]), set(after["articles"]) - set(before["articles"])
    return "; ".join(said for said in (f"no longer cites {', '.join(sorted(gone))}" if gone else "", f"now cites {', '.join(sorted(new))}" if new else "") if said)  # fmt: skip
