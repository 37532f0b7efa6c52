"""Two runs beside each other: where they first part, what became of the reply, and every step that differs, word by word."""

from itertools import groupby

import streamlit as st
from markupsafe import Markup
from sqlmodel import Session

from pages.parts import difference, office, run_words, screen, words
from pages.parts.copy_link import copy_link
from pages.parts.markup import Child, card, chip, join, mute, show, tag
from pages.parts.run_fork import NOT_SENT
from triage import trace_words, traces
from triage.errors import AccessError, InputError
from triage.models import User
from triage.replay import for_people
from triage.replay.comparing import Comparison, Difference, Pair, compare
from triage.replay.for_people import Result
from triage.traces import Trace

_NAMES = ("First", "Second")


def comparison(user: User, run_a: str, run_b: str) -> None:
    """Both runs of the address."""
    st.button("← Back to the run", key="all_runs", type="tertiary", on_click=lambda: screen.go(against=None))
    try:
        found, heads = office.read(lambda session: _read(session, user, run_a, run_b))
    except (InputError, AccessError) as error:
        screen.empty("These runs cannot be compared", str(error))
        return
    for column, name, (trace, end) in zip(st.columns(2, gap="medium"), _NAMES, heads, strict=True):
        with column:
            show(_head(name, trace, end))
    show(
        tag(
            "div",
            _first(found) or "The runs are the same, step by step.",
            cls="td-strip" if found.first else "td-strip o",
            role="status",
        )
    )
    with st.container(horizontal=True, gap="small"):
        copy_link(f"{traces.permalink(run_a)}&against={run_b}", key=f"copy_{run_a}_{run_b}")
        st.button("Swap", key="swap", on_click=lambda: screen.go(run=run_b, against=run_a), help="The second run first")
    _replies(*(end.reply for _, end in heads))
    show(_steps(found))


def _first(found: Comparison) -> str:
    """Where they part, the place in words."""
    differences = found.pairs[found.first_pair].differences if found.first_pair is not None else []
    return (
        found.first.replace(differences[0].field, trace_words.field(differences[0].field).lower()) if differences else found.first
    )


def _read(session: Session, user: User, run_a: str, run_b: str) -> tuple[Comparison, list[tuple[Trace, Result]]]:
    found = compare(session, user, run_a, run_b)
    return found, [(traces.load(session, user, run), for_people.result(session, user, run)) for run in (run_a, run_b)]


def _head(name: str, trace: Trace, end: Result) -> Markup:
    row = trace.row
    figures = [
        run_words.took(row.seconds),
        words.plural(row.model_calls, "model call"),
        f"{row.tokens:,} tokens",
        run_words.money(row.cost_usd),
    ]
    fork = tag("div", tag("b", NOT_SENT), f" Tried {end.tried}.") if row.forked else None
    return card(
        fork,
        tag("div", chip(*run_words.outcome(row)), mute(" · ".join(part for part in figures if part))),
        mute("Started ", words.ago(row.started_at), f" · {trace_words.cause(row.cause).lower()}"),
        title=join(
            f"{name}: ", screen.run_link(row.id, f"run {run_words.number(row.id)}"), " ", mute(f"#{row.ticket_id} {row.subject}")
        ),
    )


def _replies(one: str, other: str) -> None:
    if not (one or other):
        return
    same = mute("Both wrote the same reply.") if one == other else difference.side_by_side(one, other, *_NAMES)
    show(card(same, title="The reply"))


def _steps(found: Comparison) -> Markup:
    """Stretches that are the same in a line, every other step opened where the runs first part."""
    parts: list[Child] = []
    numbered = list(enumerate(found.pairs))
    for same, group in groupby(numbered, lambda one: one[1].kind == "same"):
        pairs = list(group)
        if same:
            parts.append(_same([pair for _, pair in pairs]))
        else:
            parts += [_pair(found, pair, opened=place == found.first_pair) for place, pair in pairs]
    return card(*parts, title="Step by step")


def _same(pairs: list[Pair]) -> Markup:
    steps = ", ".join(dict.fromkeys(pair.label for pair in pairs))
    return tag("div", mute(f"{words.plural(len(pairs), 'step')} the same: {steps}"), cls="td-item")


def _pair(found: Comparison, pair: Pair, *, opened: bool) -> Markup:
    links = [
        screen.link(f"step {ordinal + 1} of the {name.lower()}", traces.permalink(run.id, ordinal))
        for name, run, ordinal in zip(_NAMES, (found.a, found.b), (pair.a, pair.b), strict=True)
        if ordinal is not None
    ]
    beside = join(*[join(" · ", link) for link in links])
    if pair.kind != "changed":
        only = chip(f"only in the {'first' if pair.kind == 'only_a' else 'second'} run", "w")
        return tag("div", tag("b", pair.label), " ", only, mute(beside), cls="td-item")
    count = words.plural(len(pair.differences), "difference")
    return tag(
        "details",
        tag("summary", tag("b", pair.label), f" {count}"),
        tag("div", mute("Open ", *links[:1], *[join(" or ", link) for link in links[1:]])),
        *[_difference(one) for one in pair.differences],
        cls="td-fold td-item",
        open=opened,
    )


def _difference(one: Difference) -> Markup:
    return tag("div", tag("div", trace_words.field(one.field), cls="td-h3"), difference.sides(one.lines, *_NAMES))
