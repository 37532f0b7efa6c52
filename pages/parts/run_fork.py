"""Trying a run otherwise: a form on a step, and the strip by which every fork is known."""

import streamlit as st

from knowledge_base import articles
from pages.parts import office, run_words, screen, state
from pages.parts.markup import mute, show, tag
from triage import trace_words, traces
from triage.accounts import access
from triage.accounts.access import Permission
from triage.agents import prompts
from triage.errors import InputError, TriageError
from triage.models import Run, RunStep, User
from triage.replay import for_people
from triage.replay.changes import Changes
from triage.traces import Trace

NOT_SENT = "Fork: cannot be sent."
_WHAT = {"prompt": "A prompt", "model": "A model", "article": "An article", "answer": "This step’s answer"}
_OTHER_TEXT = 0


def fork_strip(user: User, run: Run) -> None:
    """What a fork is, what it tried, and the way to the original."""
    if run.forked_at is None:
        return
    told = office.read(lambda session: for_people.result(session, user, run.id))
    taken = f"the first {told.taken_over} steps" if told.taken_over > 1 else "the first step" if told.taken_over else "no step"
    show(tag(
        "div", tag("b", NOT_SENT), f" It took over {taken} of ", screen.run_link(told.parent_id, f"run {run_words.number(told.parent_id)}"),
        f" and tried {told.tried}. ", screen.link("Compare with the original", f"{traces.permalink(told.parent_id)}&against={run.id}"),
        cls="td-strip",
    ))  # fmt: skip


def fork_button(user: User, trace: Trace, ordinal: int) -> None:
    """Opens the form, for those who may; where the run cannot be forked it says why."""
    if not access.may(user, Permission.EDIT_MACHINERY):
        return
    why_not = office.read(lambda session: for_people.why_not(session, trace.run))
    opened = st.query_params.get("fork") == "1"
    st.button(
        "Close the fork" if opened else "Fork from this step", key="fork_open", disabled=bool(why_not), on_click=_turn, args=(not opened,),
        help=why_not or "Takes over what came before, changes something, and goes live from here; a fork is never sent",
    )  # fmt: skip


def _turn(opened: bool) -> None:
    screen.go(fork="1" if opened else None)


def fork_form(user: User, trace: Trace, step: RunStep) -> None:
    """What to try otherwise from this step on."""
    if st.query_params.get("fork") != "1" or not access.may(user, Permission.EDIT_MACHINERY):
        return
    with st.container(key="box_fork"):
        show(tag("div", f"Fork from step {step.ordinal + 1}", cls="td-h3"))
        show(
            mute(
                "The steps before it are taken over as they were recorded. From here on models and searches are asked anew. Nothing of a fork is sent."
            )
        )
        what = st.radio("What to change", list(_WHAT), format_func=lambda name: _WHAT[name], horizontal=True, key="fork_what")
        with st.form("fork_form", border=False):
            try:
                tried = _FORMS[what](trace, step)
            except InputError as error:
                tried = None
                show(tag("div", str(error), cls="td-strip b", role="alert"))
            if st.form_submit_button("Run the fork", type="primary") and tried is not None:
                _run(user, trace.run.id, step.ordinal + (what == "answer"), tried)


def _prompt(trace: Trace, step: RunStep) -> Changes:
    role = _role(trace, step)
    text = st.text_area(f"Prompt of the {role}", prompts.load(role).text, height=260, key=f"fork_prompt_{role}")
    return Changes(prompts={role: text})


def _model(trace: Trace, step: RunStep) -> Changes:
    role = _role(trace, step)
    known = sorted({model.name for chain in office.desk().models.values() for model in chain})
    service = office.desk().settings.uses_service
    name = st.selectbox(f"Model for the {role}", known, accept_new_options=service, key=f"fork_model_{role}")
    return Changes(models={role: name} if name else {})


def _article(trace: Trace, step: RunStep) -> Changes:
    found = for_people.articles_of(trace.steps)
    if not found:
        raise InputError("No search of this run found an article.")
    article = st.selectbox("Article", found, key="fork_article")
    stored = office.read(lambda session: [version.number for version in articles.versions(session, article)])
    version = st.selectbox(
        "In which version", [_OTHER_TEXT, *stored], key="fork_version",
        format_func=lambda number: "With the text below" if number == _OTHER_TEXT else f"Version {number}",
    )  # fmt: skip
    newest = office.read(lambda session: articles.version_of(session, article, max(stored)).body)
    body = st.text_area("Text", newest, height=220, key=f"fork_body_{article}")
    return Changes(article=article, article_version=version) if version else Changes(article=article, article_body=body)


def _answer(trace: Trace, step: RunStep) -> Changes:
    text = st.text_area(
        "What came out, as JSON", for_people.answer_of(step), height=260, key=f"fork_answer_{trace.run.id}_{step.ordinal}"
    )
    return Changes(result=for_people.answer_from(text))


_FORMS = {"prompt": _prompt, "model": _model, "article": _article, "answer": _answer}


def _role(trace: Trace, step: RunStep) -> str:
    """Whose prompt or model: the step's own agent first, else one that is asked later on."""
    asked = [one.role for one in trace.steps if one.kind == "model" and one.ordinal >= step.ordinal and one.role in prompts.ROLES]
    options = list(dict.fromkeys([*([step.role] if step.role in asked else []), *asked])) or ["writer"]
    if len(options) == 1:
        return options[0]
    role: str = st.selectbox("Agent", options, format_func=trace_words.agent, key="fork_role")
    return role


def _run(user: User, run_id: str, steps: int, tried: Changes) -> None:
    with st.spinner("The fork is at work…"):
        try:
            fork_id = for_people.fork_now(office.desk(), user, run_id, steps, tried)
        except TriageError as error:
            state.say("error", "The fork could not be made", str(error))
        else:
            screen.go(run=run_id, against=fork_id, step=None, fork=None)
    st.rerun()
