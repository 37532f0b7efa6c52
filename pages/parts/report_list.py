"""Reports of bad answers: who says what is wrong with which answer, and what was made of it."""

import streamlit as st

from pages.parts import office, screen, words
from pages.parts.markup import chip, join, mute, show, tag
from triage.accounts import access
from triage.accounts.access import Permission
from triage.learning import bad_answers, cases
from triage.learning.bad_answers import REASONS, Reason, ReportRow
from triage.models import BadAnswer, User

_BECAME = {
    "": "To decide", "article": "Mended in an article", "style": "Made a style rule", "case": "Kept as an evaluation case", "dismissed": "Nothing to mend",
}  # fmt: skip
_SIZE = 20


def report_list(user: User) -> None:
    """One's own reports, or everybody's for those who see figures; these also say what each became."""
    with st.container(horizontal=True, vertical_alignment="center"):
        taken = screen.choice("What became of them", "settled", _BECAME)
        reason = screen.choice("Reason", "reason", {"": "Every reason"} | {one.value: said for one, said in REASONS.items()})
    rows, total = office.read(
        lambda session: bad_answers.listing(session, user, reason=reason, taken=taken, page=screen.page_number(), size=_SIZE)
    )
    if not rows:
        screen.empty("No reports here", "“Report a bad answer” stands under every draft of the agents and on every run.")
        return
    for row in rows:
        _one(user, row)
    screen.pager(total, _SIZE)


def _one(user: User, row: ReportRow) -> None:
    report = row.report
    run = join(" · ", screen.run_link(report.run_id, "step to look at", screen.BLAME)) if report.run_id else None
    with st.container(key=f"box_report_{report.id}"):
        show(
            tag(
                "div", chip(REASONS[Reason(report.reason)], "w"), " ", tag("b", row.subject or "(no subject)"), " ",
                mute(screen.ticket_link(report.ticket_id), run, f" · {row.by} · ", words.ago(report.created_at)),
            ),
            tag("div", f"“{report.comment}”") if report.comment else None,
        )  # fmt: skip
        if not report.taken_as and access.may(user, Permission.SEE_FIGURES):
            with st.container(horizontal=True, gap="small"):
                for became in bad_answers.DESTINATIONS:
                    if became == "case":
                        _as_case(user, report)
                        continue
                    st.button(
                        _BECAME[became], key=f"settle_{became}_{report.id}", on_click=_settle, args=(user, report.id or 0, became)
                    )


def _as_case(user: User, report: BadAnswer) -> None:
    """The reply that is right, to be written or taken from what was sent, makes the report an evaluation case."""
    key = f"right_{report.id}"
    with st.popover("Keep as an evaluation case", key=f"case_of_{report.id}"):
        if key not in st.session_state:
            sent = office.read(lambda session: cases.sent_instead(session, report))
            st.session_state[key] = sent.body if sent else ""
        st.text_area("The reply that is right", key=key, height=180, max_chars=bad_answers.LONGEST_RIGHT, help="As it was sent in the end, where it was not sent as it was; change it as you like. Personal data is taken out.")  # fmt: skip
        st.button("Keep it", key=f"settle_case_{report.id}", type="primary", on_click=_keep, args=(user, report.id or 0, key))


def _keep(user: User, report_id: int, key: str) -> None:
    """What is typed is read now: arguments of a button are those of the last drawing."""
    right = str(st.session_state.get(key) or "")
    office.act(lambda session: bad_answers.settle(session, user, report_id, "case", right=right), f"{_BECAME['case']}.")


def _settle(user: User, report_id: int, became: str) -> None:
    office.act(lambda session: bad_answers.settle(session, user, report_id, became), f"{_BECAME[became]}.")
