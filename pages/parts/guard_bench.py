"""The test bench of the guards: paste a text, see what they say and which words they mean."""

import streamlit as st
from markupsafe import Markup

from pages.parts import office, screen, words
from pages.parts.keymap import hint
from pages.parts.markup import card, chip, join, mute, show, tag
from triage import bench as benches
from triage.bench import Tried
from triage.guardrails import overview
from triage.models import User

_TONES = {"allow": "o", "flag": "w", "block": "b"}
_SAID = {"allow": "Passes.", "flag": "Passes, and a person is told.", "block": "Stopped; a person takes over."}


def bench(user: User) -> None:
    """The text on the left, the guards' words on the right."""
    left, right = st.columns(2, gap="medium")
    with left, st.container(key="box_bench"):
        kind = st.segmented_control(
            "Judge it as",
            ["message", "reply"],
            key="bench_kind",
            default="message",
            required=True,
            format_func=lambda value: {"message": "A customer's message", "reply": "Our reply"}[value],
        )
        text = st.text_area(
            "Text",
            key="bench_text",
            height=300,
            persist_state="session",
            placeholder="Paste a message or a reply. Nothing of it is stored.",
        )
        pressed = st.button("Ask the guards", type="primary", key="bench_go", shortcut=hint("commit"))
    if pressed and not (text or "").strip():
        with left:
            show(tag("div", "Paste a text first.", cls="td-strip w", role="alert"))
    elif pressed:
        settings = office.desk().settings
        as_reply = kind == "reply"
        with st.spinner("The guards are reading it…"):
            st.session_state["bench_said"] = office.read(
                lambda session: (
                    benches.try_reply(session, user, settings, text) if as_reply else benches.try_message(session, user, text)
                )
            )
    with right:
        said: Tried | None = st.session_state.get("bench_said")
        if said is None:
            screen.empty("Try a text", "You see which rules speak, why, and which words they mean.")
        else:
            _said(said)


def _said(tried: Tried) -> None:
    show(
        tag(
            "div",
            tag("b", _SAID[tried.said]),
            " ",
            tried.next,
            cls=f"td-strip {'o' if tried.said == 'allow' else _TONES[tried.said]}",
            role="status",
        ),
        tag("div", card(tag("div", _marked(tried), cls="td-bench"), title="Where"), style="margin-top:10px"),
        tag(
            "div",
            card(*_verdicts(tried) or [mute("No rule has anything to say.")], _orders(tried), title="Why"),
            style="margin-top:10px",
        ),
    )


def _orders(tried: Tried) -> Markup | None:
    if tried.orders is None:
        return None
    return tag("div", mute(f"Looks like orders to the machine: {tried.orders:.2f} of 1."), cls="td-item")


def _marked(tried: Tried) -> Markup:
    parts: list[Markup | str] = []
    place = 0
    for start, end, why, tone in tried.marked:
        parts += [tried.text[place:start], tag("mark", tried.text[start:end], cls=_TONES[tone], title=why)]
        place = end
    return join(*parts, tried.text[place:])


def _verdicts(tried: Tried) -> list[Markup]:
    found = [
        _reason(overview.title(verdict.rule), verdict.verdict, [verdict.why, *[finding.why for finding in verdict.findings]])
        for verdict in tried.verdicts if verdict.verdict != "allow"
    ]  # fmt: skip
    if tried.always:
        found.append(
            _reason("Always to a person", "block", [finding.why or words.label(finding.kind) for finding in tried.always])
        )
    return found


def _reason(title: str, verdict: str, whys: list[str]) -> Markup:
    lines = [tag("li", why) for why in dict.fromkeys(why for why in whys if why)]
    return tag(
        "div",
        chip(verdict, _TONES[verdict]),
        tag("b", title),
        tag("ul", *lines, cls="td-list plain") if lines else None,
        cls="td-item",
    )
