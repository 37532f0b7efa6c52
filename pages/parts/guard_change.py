"""Changing a rule: edit, try on the last thirty days, and only then switch on; every version can be taken back."""

from typing import Any

import streamlit as st
from markupsafe import Markup

from pages.parts import guard_own, office, screen, words
from pages.parts.markup import card, chip, mute, show, tag
from triage import rulebook
from triage.accounts import access
from triage.accounts.access import Permission
from triage.models import RuleTrialTicket, User
from triage.rehearsal import rule_trial
from triage.rehearsal.rule_trial import Report

_EFFECTS = {
    "stopped": ("newly to a person", "b"),
    "let_through": ("no longer stopped", "a"),
    "flagged": ("newly to a manager", "w"),
    "unflagged": ("no longer to a manager", ""),
}
_ENDED = {"stopped": "Stopped early", "failed": "It failed"}
_EVERY = "2s"
_FIELDS = ("extra_escalation_phrases", "allowed_link_hosts", "injection_threshold", "minimum_confidence")


def change(user: User) -> None:
    """What counts now and the edits on the left; the trial, its result and the versions on the right."""
    editor = access.may(user, Permission.EDIT_MACHINERY)
    now = office.read(rulebook.current)
    left, right = st.columns([1, 1.25], gap="medium")
    with left:
        wanted = _form(now) if editor else _read(now)
    with right:
        if editor:
            _try(user, now, wanted)
        _trial(user, editor)
        _versions(user, editor)


# ---- editing ----------------------------------------------------------------------------------------------


def _form(now: dict[str, Any]) -> dict[str, Any]:
    """The rules as they stand in the fields."""
    with st.container(key="box_change"):
        show(
            tag("div", "What you can change", cls="td-h3"),
            mute(
                "Nothing counts before it is switched on. Payments, deletions and the other rules called always on can't be changed."
            ),
        )
        phrases = st.text_area(
            rulebook.TITLES["extra_escalation_phrases"], "\n".join(now["extra_escalation_phrases"]), key=_key("phrases", now),
            height=90, placeholder="One a line", help="As whole words, in any spelling with or without accents and capitals.",
        )  # fmt: skip
        hosts = st.text_area(
            rulebook.TITLES["allowed_link_hosts"], "\n".join(now["allowed_link_hosts"]), key=_key("hosts", now), height=70, placeholder="One a line",
            help="Beside those in the machine's settings; their subdomains count too.",
        )  # fmt: skip
        threshold = st.slider(
            rulebook.TITLES["injection_threshold"], 0.2, 0.8, float(now["injection_threshold"]), 0.05, key=_key("threshold", now),
            help="Lower flags more. A clear attack is stopped whatever this says.",
        )  # fmt: skip
        least = st.slider(
            rulebook.TITLES["minimum_confidence"], 0.0, 1.0, float(now["minimum_confidence"]), 0.05, key=_key("least", now),
            help="A draft the agents are less sure of goes to a person.",
        )  # fmt: skip
    own = guard_own.editor(now["own_rules"])
    return now | {
        "extra_escalation_phrases": _lines(phrases), "allowed_link_hosts": _lines(hosts), "injection_threshold": round(threshold, 2),
        "minimum_confidence": round(least, 2), "own_rules": own,
    }  # fmt: skip


def _key(name: str, now: dict[str, Any]) -> str:
    """Fields begin anew when the rules change underneath."""
    return f"change_{name}_{abs(hash(str(sorted((key, str(now[key])) for key in _FIELDS)))) % 10**8}"


def _lines(text: str) -> list[str]:
    return [line for line in dict.fromkeys(" ".join(one.split()) for one in text.splitlines()) if line]


def _read(now: dict[str, Any]) -> dict[str, Any]:
    items = [tag("div", tag("b", rulebook.TITLES[key]), ": ", _said(now[key]), cls="td-item") for key in _FIELDS]
    show(card(*items, title="What counts now"))
    show(tag("div", card(*guard_own.cards(now["own_rules"]), title=rulebook.TITLES["own_rules"]), style="margin-top:10px"))
    return now


def _said(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none beside the built-in ones"
    return f"{value:g}" if isinstance(value, float) else str(value)


# ---- trying -----------------------------------------------------------------------------------------------


def _try(user: User, now: dict[str, Any], wanted: dict[str, Any]) -> None:
    changes = {key: value for key, value in wanted.items() if value != now[key]}
    with st.container(key="box_try"):
        said = rulebook.differences(now, wanted)
        lines = [tag("li", line) for line in said]
        show(
            tag("div", "Your change", cls="td-h3"),
            tag("ul", *lines, cls="td-list plain")
            if lines
            else mute("Change something on the left; here you see what it would have done."),
        )
        if st.button("Try on the last 30 days", key="trial_start", type="primary", disabled=not changes):
            office.do(lambda session: rule_trial.start(session, user, office.desk(), changes))
            st.rerun(scope="app")


@st.fragment(run_every=_EVERY)
def _progress(user: User, editor: bool) -> None:
    report = office.read(lambda session: rule_trial.latest(session, user, limit=0))
    if report is None or report.trial.status not in ("waiting", "running"):
        st.rerun(scope="app")
        return
    trial = report.trial
    done = min(1.0, trial.done / trial.wanted) if trial.wanted else 0.0
    st.progress(done, text=f"{trial.done:,} of {words.plural(trial.wanted, 'ticket')} judged again")
    if editor:
        st.button("Stop", key="trial_stop", on_click=_stop, args=(user, trial.id or 0))


def _stop(user: User, number: int) -> None:
    office.act(lambda session: rule_trial.stop(session, user, number), "Stopped; what was found stays.")


def _trial(user: User, editor: bool) -> None:
    report = office.read(lambda session: rule_trial.latest(session, user))
    if report is None:
        show(mute("No change was tried yet. Stored messages and drafts are judged again, without a model; no ticket is touched."))
        return
    with st.container(key="box_trial"):
        show(tag("div", "The last trial", cls="td-h3"), mute(" ".join(report.changes)))
        if report.trial.status in ("waiting", "running"):
            _progress(user, editor)
            return
        _result(report)
        if editor and report.trial.status in ("done", "stopped"):
            _switch_on(user, report)


def _result(report: Report) -> None:
    trial = report.trial
    if trial.status in _ENDED:
        show(
            tag(
                "div",
                f"{_ENDED[trial.status]} after {trial.done:,} of {words.plural(trial.wanted, 'ticket')}. {trial.error}",
                cls="td-strip w",
                role="status",
            )
        )
    counts = {effect: getattr(trial, effect) for effect in _EFFECTS}
    screen.tiles([(f"{count:,}", _EFFECTS[effect][0], _EFFECTS[effect][1] if count else "") for effect, count in counts.items()])
    unchanged = trial.done - sum(counts.values())
    show(
        mute(
            f"{words.plural(trial.done, 'ticket')} of the last {trial.days} days judged again, {unchanged:,} stay as they were · ",
            words.ago(trial.ended_at or trial.started_at),
        )
    )
    for row, subject in report.tickets[:50]:
        show(_ticket(row, subject))
    if len(report.tickets) > 50:
        show(mute("The newest 50 are shown."))


def _ticket(row: RuleTrialTicket, subject: str) -> Markup:
    text, tone = _EFFECTS[row.effect]
    link = screen.ticket_link(row.ticket_id, f"#{row.ticket_id} {subject or '(no subject)'}")
    excerpt = tag("div", mute("“", row.excerpt, "”")) if row.excerpt else None
    return tag("div", chip(text, tone), " ", link, tag("div", row.why), excerpt, cls="td-item")


def _switch_on(user: User, report: Report) -> None:
    now = office.read(rulebook.current)
    if now == report.trial.rules:
        show(tag("div", "This change is switched on.", cls="td-strip o", role="status"))
        return
    if now != report.trial.base:
        show(tag("div", "The rules were changed since; try again on what counts now.", cls="td-strip w", role="status"))
        return
    note = st.text_input("Why (kept with the version)", key="trial_note", max_chars=500)
    if st.button("Switch on", key="trial_on", type="primary", help="Counts from now on, for every new message and draft."):
        done = office.do(lambda session: rule_trial.switch_on(session, user, report.trial.id or 0, note))
        if done:
            guard_own.forget()
        st.rerun()


# ---- versions ---------------------------------------------------------------------------------------------


def _versions(user: User, editor: bool) -> None:
    found = office.read(lambda session: rulebook.versions(session, user))
    if not found:
        return
    with st.container(key="box_versions"):
        show(tag("div", "Versions", cls="td-h3"))
        for number, one in enumerate(found):
            version = one.version
            head = tag("div", tag("b", f"Version {version.number}"), " ", chip("counts now", "o") if number == 0 else None)
            by = " · ".join(part for part in (one.by, version.note) if part)
            show(
                tag(
                    "div",
                    head,
                    tag("div", " ".join(one.changes)),
                    mute(by, " · " if by else "", words.ago(version.made_at)),
                    cls="td-item",
                )
            )
            if editor and number:
                st.button(
                    f"Back to version {version.number}",
                    key=f"revert_{version.number}",
                    on_click=_revert,
                    args=(user, version.number),
                )


def _revert(user: User, number: int) -> None:
    guard_own.forget()
    office.act(lambda session: rulebook.revert(session, user, number), f"The rules of version {number} count again.")
