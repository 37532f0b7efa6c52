"""What the knowledge base lacks and gets wrong: gaps by the minutes they cost, contradictions and duplicates, what grew stale."""

from typing import Any

import streamlit as st
from markupsafe import Markup

from pages.parts import office, screen, words
from pages.parts.markup import card, chip, join, mute, plain, show, tag
from pages.parts.table import Cell, Column, Line, table
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import TriageError
from triage.improving import drafting, findings, gaps, grouping, stale
from triage.improving.gaps import GapView
from triage.improving.questions import SIGNALS
from triage.models import Finding, Gap, GapQuestion, User

_STATES = {"open": "Open", "writing": "Being written", "closed": "Closed", "dismissed": "Dismissed"}
_TONES = {"open": "w", "writing": "a", "closed": "o", "dismissed": ""}
_COST = "Minutes a week that people worked on these beyond an ordinarily answered ticket, over the last 28 days"
_GAPS = (
    Column("Question", "wide"), Column("Minutes a week", "right", _COST), Column("Asked", "right", "Questions of the last 90 days"),
    Column("Trend", "short", "The last 14 days against the 14 before"), Column("Nearest article", "extra"), Column("Language", "short extra"),
)  # fmt: skip
_STALE = (Column("Article", "wide"), Column("Why it may be out of date", "wide"), Column("Used", "right", "Replies of the last 90 days"), Column("Owner", "short extra"))  # fmt: skip
_MOST = 60
_FAR = 0.4  # nearness below which the nearest article is not worth a look


def improving(user: User) -> None:
    """The whole part; the address says which gap is open."""
    chosen = st.query_params.get("gap", "")
    if chosen.isdecimal():
        _gap(user, int(chosen))
        return
    many = office.read(lambda session: gaps.counts(session, user))
    wrong = office.read(lambda session: findings.counts(session, user))
    shown = {
        "": f"Gaps ({many['open']})",
        "conflicts": f"Contradictions and duplicates ({wrong['contradiction'] + wrong['duplicate']})",
        "stale": "Out of date",
    }
    part = screen.chips("Show", "show", shown)
    {"conflicts": _conflicts, "stale": _stale}.get(part, _gaps)(user)


# ---- gaps -------------------------------------------------------------------------------------------------


def _gaps(user: User) -> None:
    left, middle, right = st.columns([1, 1.4, 1], gap="small", vertical_alignment="center")
    many = office.read(lambda session: gaps.counts(session, user))
    with left:
        state = screen.choice("State", "state", {name: f"{label} ({many[name]})" for name, label in _STATES.items()})
    with middle:
        often = screen.choice("How often", "often", {"2": "Asked at least twice", "1": "Also what was asked once"})
    with right:
        editor = access.may(user, Permission.EDIT_KNOWLEDGE)
        if editor and st.button("Look again now", key="gaps_look", help="Otherwise every quarter of an hour."):
            _look()
    rows = office.read(lambda session: gaps.listing(session, user, state=state))
    titles = office.read(lambda session: gaps.titles(session, rows))
    found = [gap for gap in rows if gap.size >= int(often) or state != "open"]
    if not found:
        screen.empty("No gap here", "Questions that the knowledge base leaves open are gathered here from tickets and searches.")
        return
    cost = sum(gap.minutes for gap in found)
    show(mute(f"{words.plural(len(found), 'gap')} · {_minutes(cost)} a week lost on them"))
    opened = table(_GAPS, [_line(gap, titles) for gap in found], key="gaps", label="Gaps")
    if opened:
        screen.go(gap=opened)
        st.rerun()


def _look() -> None:
    try:
        with st.spinner("Looking…"):
            grouping.refresh(office.desk())
    except TriageError as error:
        st.error(plain(str(error)))
        return
    st.rerun()


def _line(gap: Gap, titles: dict[str, str]) -> Line:
    trend, tone = _trend(gap)
    near = titles.get(gap.near_article, "")
    advice = {"missing": "", "words": near, "language": near, "internal": near}.get(gap.advice, "")
    says = {"words": "is not found", "language": "not in this language", "internal": "for the team only"}.get(gap.advice, "")
    return Line(str(gap.id), (
        Cell(gap.title, sub=", ".join(gap.terms), strong=True),
        Cell(f"{gap.minutes:.1f}", sort=gap.minutes), Cell(f"{gap.size:,}×", sort=float(gap.size)),
        Cell(chips=[(trend, tone)] if trend else (), sort=float(gap.recent - gap.earlier)),
        Cell(advice or "none", sub=says, tone="" if advice else "m"),
        Cell(", ".join(gap.languages), tone="m"),
    ))  # fmt: skip


def _trend(gap: Gap) -> tuple[str, str]:
    if gap.recent == gap.earlier == 0:
        return "", ""
    if gap.recent == gap.earlier:
        return "steady", ""
    more = gap.recent > gap.earlier
    return f"{'more' if more else 'fewer'} ({gap.earlier} → {gap.recent})", "b" if more else "o"


def _minutes(minutes: float) -> str:
    return f"{minutes:.0f} minutes" if minutes >= 10 else f"{minutes:.1f} minutes"


# ---- one gap ----------------------------------------------------------------------------------------------


def _gap(user: User, number: int) -> None:
    st.button("← All gaps", key="all_gaps", type="tertiary", on_click=lambda: screen.go(gap=None))
    try:
        view = office.read(lambda session: gaps.load(session, user, number))
    except TriageError as error:
        screen.empty("This gap cannot be shown", str(error))
        return
    gap = view.gap
    facts = [
        f"asked {gap.size:,}× in 90 days", f"{_minutes(gap.minutes)} a week lost", f"{gap.recent} in the last 14 days, {gap.earlier} in the 14 before",
        ", ".join(gap.terms),
    ]  # fmt: skip
    about = mute(" · ".join(fact for fact in facts if fact))
    show(tag("div", tag("h1", gap.title), chip(_STATES[gap.state].lower(), _TONES[gap.state]), tag("div", about, style="flex-basis:100%", title=_COST), cls="td-title"))  # fmt: skip
    if gap.reason:
        show(tag("div", gap.reason, cls="td-strip"))
    left, right = st.columns([1.7, 1], gap="medium")
    with left:
        show(card(*[_asked(view, question) for question in view.questions[:_MOST]], title="What was asked"))
        if len(view.questions) > _MOST:
            show(mute(f"and {len(view.questions) - _MOST} more"))
    with right, st.container(key="box_gap"):
        show(tag("div", "What would help", cls="td-h3"), _advice(view))
        if access.may(user, Permission.EDIT_KNOWLEDGE):
            _steps(user, view)
        else:
            show(mute("Administrators draft articles and close gaps."))


def _asked(view: GapView, question: GapQuestion) -> Markup:
    ticket = question.ticket_id
    told = "; ".join(SIGNALS.get(sign, sign) for sign in question.signals)
    lost = f" · {question.minutes:.1f} min lost{' (expected)' if question.estimated else ''}" if ticket else ""
    subject = f"#{ticket} {view.subjects.get(ticket or 0, '')}".strip()
    where = screen.ticket_link(ticket, subject) if ticket else mute("a search")
    return tag(
        "div", tag("div", question.text), where, mute(" · ", words.ago(question.asked_at), f" · {told}{lost}"), cls="td-item"
    )


def _advice(view: GapView) -> Markup:
    gap = view.gap
    if gap.state == "writing":
        draft = screen.link(
            view.titles.get(gap.draft_article, gap.draft_article), f"{screen.KNOWLEDGE}?article={gap.draft_article}"
        )
        return join("A draft waits for its review: ", draft, ".")
    if gap.state == "closed":
        by = screen.link(view.titles.get(gap.closed_by, gap.closed_by), f"{screen.KNOWLEDGE}?article={gap.closed_by}")
        return join("Answered by ", by, f" since {words.clock(gap.changed_at)}." if gap.changed_at else ".")
    if not gap.near_article:
        return join("No article is about this.")
    title = view.titles.get(gap.near_article, gap.near_article)
    near = screen.link(title, f"{screen.KNOWLEDGE}?article={gap.near_article}")
    if gap.advice == "missing" and gap.nearness < _FAR:
        return join("No article is about this.")
    if gap.advice == "missing":
        return join("No article is about this; the nearest is ", near, mute(f" (nearness {gap.nearness:.2f})"), ".")
    if gap.advice == "language":
        tongues = ", ".join(words.LANGUAGE.get(code) or code for code in gap.languages)
        return join("It stands in ", near, f", which customers who write {tongues} do not get. Translate it.")
    if gap.advice == "internal":
        return join("It stands in ", near, ", which only the team may read. Say what customers may know in an article for them.")
    lacking = (
        f" Words that customers use and it lacks: {', '.join(gap.words)}. Add them there, or to the synonyms."
        if gap.words
        else ""
    )
    return join("It may stand in ", near, ", but was not found or did not answer.", lacking)


def _steps(user: User, view: GapView) -> None:
    gap = view.gap
    number = gap.id or 0
    if gap.state == "open":
        if st.button(
            "Draft an article from these tickets",
            key="gap_draft",
            type="primary",
            help="It waits for a review; nothing is published.",
        ):
            _draft(user, number)
        _close(user, gap)
        with st.popover("No article needed…"):
            reason = st.text_input("Why not?", key=f"gap_why_{number}", max_chars=300, placeholder="For whoever wonders later")
            if st.button("Dismiss", key="gap_dismiss"):
                office.act(lambda session: gaps.dismiss(session, user, number, reason or ""), "Dismissed.")
                st.rerun()
    elif st.button("Open it again", key="gap_reopen", help="A draft that was begun stays as it is."):
        office.act(lambda session: gaps.reopen(session, user, number))
        st.rerun()


def _close(user: User, gap: Gap) -> None:
    if gap.advice == "missing" or not gap.near_article:
        return
    said = "The article answers it now"
    if st.button(
        said,
        key="gap_close",
        help="After adding the missing words or a translation. It opens again when it is asked three times more.",
    ):
        office.act(lambda session: gaps.close(session, user, gap.id or 0, gap.near_article), "Closed.")
        st.rerun()


def _draft(user: User, number: int) -> None:
    try:
        with st.spinner("Drafting from the approved replies…"):
            article = drafting.draft(office.desk(), user, number)
    except TriageError as error:
        st.error(plain(str(error)))
        return
    office.toast("Drafted. It waits for a review.")
    screen.go(gap=None, part=None, show=None, article=article, tab="edit")
    st.rerun()


# ---- contradictions and duplicates ------------------------------------------------------------------------


def _conflicts(user: User) -> None:
    many = office.read(lambda session: findings.counts(session, user))
    labels = {"open": f"Open ({many['contradiction'] + many['duplicate']})", "dismissed": f"Dismissed ({many['dismissed']})"}
    with st.columns([1, 2.4])[0]:
        state = screen.choice("State", "state", labels)
    rows = office.read(lambda session: findings.listing(session, user, state=state, limit=_MOST))
    if not rows:
        screen.empty("Nothing found", "Articles are held against each other when one is published, and all of them every night.")
        return
    for finding in rows:
        _conflict(user, finding)


def _conflict(user: User, finding: Finding) -> None:
    with st.container(key=f"box_finding_{finding.id}"):
        kind = chip(finding.kind, "b" if finding.kind == "contradiction" else "w")
        show(tag("div", kind, " ", finding.why, mute(f" {finding.reason}") if finding.reason else None))
        left, right = st.columns(2, gap="medium")
        for column, article, side in ((left, finding.left_article, finding.left), (right, finding.right_article, finding.right)):
            with column:
                show(_side(article, side))
        if access.may(user, Permission.EDIT_KNOWLEDGE):
            _settle(user, finding)


def _side(article: str, side: dict[str, Any]) -> Markup:
    title = screen.link(str(side["title"]), f"{screen.KNOWLEDGE}?article={article}")
    where = mute(f" › {side['heading']}") if side["heading"] else None
    return tag("div", title, where, tag("div", *_marked(str(side["said"]), side["marks"]), cls="td-bench"))


def _marked(said: str, marks: list[list[int]]) -> list[str | Markup]:
    parts: list[str | Markup] = []
    position = 0
    for start, end in sorted(marks):
        parts += [said[position:start], tag("mark", said[start:end], cls="b")]
        position = end
    return [*parts, said[position:]]


def _settle(user: User, finding: Finding) -> None:
    number = finding.id or 0
    if finding.state == "dismissed":
        if st.button("Look at it again", key=f"finding_back_{number}"):
            office.act(lambda session: findings.reopen(session, user, number))
            st.rerun()
        return
    with st.container(horizontal=True, gap="small"):
        for name, article in (("left", finding.left_article), ("right", finding.right_article)):
            label = f"Edit the {name} one"
            st.button(label, key=f"finding_{name}_{number}", on_click=screen.go, kwargs={"article": article, "tab": "edit"})
        if st.button("Both are right", key=f"finding_dismiss_{number}", help="It comes back only when one of the texts changes."):
            office.act(lambda session: findings.dismiss(session, user, number), "Dismissed.")
            st.rerun()


# ---- out of date ------------------------------------------------------------------------------------------


def _stale(user: User) -> None:
    rows = office.read(lambda session: stale.listing(session, user))
    if not rows:
        screen.empty(
            "Nothing looks out of date", "Every article was confirmed within 180 days, and none speaks of a time that is over."
        )
        return
    show(mute(f"{words.plural(len(rows), 'article')} to look at again. “Still right” on the article says that somebody did."))
    lines = [Line(row.id, (
        Cell(row.title, sub=row.id, strong=True), Cell(" ".join(row.reasons)),
        Cell(f"{row.replies:,}×" if row.replies else "–", sort=float(row.replies)), Cell(row.owner or "nobody", tone="" if row.owner else "m"),
    )) for row in rows]  # fmt: skip
    opened = table(_STALE, lines, key="stale", label="Articles that may be out of date")
    if opened:
        screen.go(article=opened, part=None, show=None)
        st.rerun()
