"""What the draft rests on: each cited passage, and each sentence that has none."""

from typing import Any

import streamlit as st
from markupsafe import Markup

from knowledge_base.chunking import plain
from pages.parts import draft_card, marks, office, words
from pages.parts.markup import card, chip, join, mute, show, tag
from triage.drafts import proof
from triage.guardrails.output import lines_of
from triage.models import Draft, Role, Run, SolvedCase, User
from triage.tickets import ticket_view, work
from triage.tickets.ticket_view import TicketView

_LONG = 420  # characters


def evidence(view: TicketView, user: User) -> None:
    """The Evidence tab."""
    draft = view.draft
    if draft is None:
        show(card(mute("Sources appear here with the first draft."), title="No draft yet", tone="quiet"))
        return
    for number, citation in enumerate(draft.citations):
        _source(number, citation, draft, user)
    for name in _records(draft):
        show(_record(name, draft, view))
    for index, sentence in enumerate(draft.sentences):
        if proof.needs_word(sentence):
            show(_missing(index, sentence, draft))
    if not draft.citations and not draft.sentences:
        show(card(mute("A person wrote this reply; it cites nothing."), title="No sources", tone="quiet"))
    for case, score in view.precedents:
        show(_precedent(case, score, user))
    show(_how(view))


def marked(draft: Draft) -> list[Markup]:
    """The cited passages with what carries the draft's sentences, in their order."""
    return [_cited(citation, _resting(draft, str(citation.get("passage", "")))) for citation in draft.citations]


def _cited(citation: dict[str, Any], resting: list[tuple[int, str]]) -> Markup:
    return _text(plain(str(citation.get("text", ""))).strip(), resting)


def _missing(index: int, sentence: dict[str, Any], draft: Draft) -> Markup:
    """A sentence that no source carries: what disagrees, what comes nearest, and what the judge thinks of it."""
    titles = {str(citation.get("passage")): str(citation.get("title")) for citation in draft.citations}
    nearest, quote = str(sentence.get("nearest") or ""), str(sentence.get("quote") or "")
    where = titles.get(nearest, nearest) or "what is known of the customer"
    return card(
        tag("div", f"“{sentence['text']}”"),
        tag("div", mute(f"{draft_card.reason(sentence)} Remove it, or acknowledge it.")),
        join(tag("div", mute(f"Nearest, in {where}:")), tag("div", _quote(quote), cls="td-quote")) if quote else None,
        tag("div", mute(said)) if (said := draft_card.opinion(sentence)) else None,
        title=tag("span", "No source", style="color:var(--td-warn)"),
        data_nosource=index,
    )


def _source(number: int, citation: dict[str, Any], draft: Draft, user: User) -> None:
    passage = str(citation.get("passage", ""))
    resting = _resting(draft, passage)
    where = [str(citation.get("heading") or ""), f"v{citation.get('version')}"]
    if user.role == Role.ADMIN and citation.get("score") is not None:
        where.append(f"score {float(citation['score']):.2f}")
    with st.container(key=f"source_{number}"):
        show(
            tag(
                "div",
                _heading(str(citation.get("title", passage)), len(resting)),
                mute(" · ".join(part for part in where if part)),
                _cited(citation, resting),
                cls="td-card",
                data_passage=passage,
            )
        )
        with st.container(key=f"rate_{number}", horizontal=True):
            for label, helpful in (("Helpful", True), ("Wrong", False)):
                st.button(label, key=f"td_rate_{number}_{helpful}", on_click=_rate, args=(user, draft, passage, helpful))
            st.button("Open", key=f"td_open_{number}", on_click=_open, args=(user, draft, citation))


def _resting(draft: Draft, passage: str) -> list[tuple[int, str]]:
    """(number, text) of the sentences that rest on a passage."""
    return [
        (number, str(sentence["text"]))
        for number, sentence in enumerate(draft.sentences)
        if passage in (sentence.get("passages") or [])  # type: ignore[operator]
    ]


def _heading(title: str, used: int) -> Markup:
    """The name of a source; pressed, it lights the sentences that rest on it."""
    if not used:
        return tag("h3", title, " ", chip("not used"))
    said = f"Show the {words.plural(used, 'sentence')} that rest on it" if used > 1 else "Show the sentence that rests on it"
    return tag(
        "h3", tag("span", title, cls="td-source", tabindex=0, role="button", title=said), " ", chip(f"supports {used}", "o")
    )


def _text(text: str, resting: list[tuple[int, str]]) -> Markup:
    """A passage with the words that carry sentences; a long one is scrolled."""
    long = len(text) > _LONG
    about: dict[str, str | int] = {"tabindex": 0, "role": "group", "aria_label": "Passage"} if long else {}
    return tag("div", marks.passage(text, resting), cls="td-quote td-text long" if long else "td-quote td-text", **about)


def _records(draft: Draft) -> list[str]:
    """What of the customer's record, and of what connected APIs answered, sentences rest on."""
    cited = {str(citation.get("passage")) for citation in draft.citations}
    named = (str(name) for sentence in draft.sentences for name in sentence.get("passages") or [])  # type: ignore[attr-defined]
    return [name for name in dict.fromkeys(named) if name not in cited]


def _record(name: str, draft: Draft, view: TicketView) -> Markup:
    known = lines_of(proof.of_view(view).customer)
    order = name.removeprefix("order:")
    if name.startswith("order:"):
        said, title = next((line for line in known if line.startswith(f"Order {order} ")), ""), f"Order {order}"
    elif name == "customer":
        said, title = next(iter(known), ""), "The customer's record"
    else:
        said, title = "", f"What {name.removeprefix('tool:')} answered"
    resting = _resting(draft, name)
    text = _text(said, resting) if said else tag("div", mute("Its words are in the trace, under Why."))
    return tag("div", _heading(title, len(resting)), text, cls="td-card", data_passage=name)


def _precedent(case: SolvedCase, score: float, user: User) -> Markup:
    """A like question that was solved before: shown to colleagues, never cited to a customer."""
    near = f"score {score:.2f}" if user.role == Role.ADMIN else ""
    cited = f"cited {', '.join(case.articles)}" if case.articles else "cited no article"
    ticket = tag("a", f"#{case.ticket_id}", href=f"?ticket={case.ticket_id}", target="_self", cls="td-link")
    return tag(
        "div",
        tag("h3", "Solved before ", chip("precedent")),
        mute(join(ticket, " · ", " · ".join(part for part in (f"{case.solved_at:%-d %b %Y}", cited, near) if part))),
        tag("div", tag("b", "Asked: "), _quote(case.question), cls="td-quote"),
        tag("div", tag("b", "Sent: "), _quote(case.answer), cls="td-quote"),
        cls="td-card",
        data_precedent=case.id,
    )


def _quote(text: str) -> Markup:
    """Words of a source without its marks; a long one shows its beginning and unfolds."""
    text = plain(text).strip()
    if len(text) <= _LONG:
        return tag("span", text, cls="td-text")
    cut = text.rfind(" ", 0, _LONG)
    return join(
        tag("span", text[:cut], "…", cls="td-text"),
        tag("details", tag("summary", "whole passage"), tag("span", text, cls="td-text"), cls="td-fold"),
    )


def _how(view: TicketView) -> Markup | None:
    """How this version got here, in four lines; of a person's own nothing that agents did for another one."""
    run, draft = view.run, view.draft
    if draft is None:
        return None
    notes: Any = draft.review.get("notes") or []
    checked = [f"Reviewer: {note.get('text', '')}" for note in notes[:2]]
    if draft.created_by.startswith("user:"):
        lines = [draft.cause or "Written by a person.", *checked]
    elif run is None:
        return None
    else:
        lines = [*_prepared(draft), *checked, _worked(draft, run if run.id == draft.run_id else None)]
    return card(tag("ol", *[tag("li", line) for line in lines], cls="td-list"), title="How it got here")


def _prepared(draft: Draft) -> list[str]:
    facts: Any = draft.facts.get("facts") or []
    plan = [f"Plan: {summary}"] if (summary := draft.plan.get("summary")) else []
    return plan + ([f"Analyst: {words.plural(len(facts), 'fact')}, first: {facts[0].get('text', '')}"] if facts else [])


def _worked(draft: Draft, run: Run | None) -> str:
    """Who wrote it and what that took, when the newest run made it."""
    by = f"Draft {draft.version} by {draft.model or 'a person'}"
    if run is None:
        return by
    seconds = (run.ended_at - run.started_at).total_seconds() if run.ended_at else 0.0
    cost = f"${run.cost_usd:.4f}" if run.cost_usd else "no cost"
    tokens = run.input_tokens + run.output_tokens
    return f"{by} · {words.plural(run.model_calls, 'call')} · {tokens:,} tokens · {cost} · {seconds:.1f} s"


def _rate(user: User, draft: Draft, passage: str, helpful: bool) -> None:
    if office.do(lambda session: work.rate_source(session, user, draft.ticket_id, passage, helpful=helpful)):
        office.toast("Thank you; the editors of the knowledge base see it.")


def _open(user: User, draft: Draft, citation: dict[str, Any]) -> None:
    office.do(lambda session: work.open_source(session, user, draft.id or 0, str(citation.get("passage"))))
    st.session_state["td_article"] = (str(citation.get("article")), int(citation.get("version") or 0))


def article_dialog() -> None:
    """Shows the cited version of an article, when somebody asked for it."""
    wanted = st.session_state.pop("td_article", None)
    if wanted:
        _article(*wanted)


@st.dialog("Article", width="large")
def _article(article_id: str, version: int) -> None:
    found = office.read(lambda session: ticket_view.article(session, article_id, version))
    if found is None:
        show(mute("This version of the article is no longer kept."))
        return
    show(tag("h3", found.title, cls="td-h3"), mute(f"{article_id} · version {version} · {words.clock(found.created_at)}"))
    show(tag("div", found.body, cls="td-text"))
