"""The draft as a person reads it: each sentence shows whether a source carries it."""

import re
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from pages.parts import marks, words
from pages.parts.markup import join, mute, tag
from triage.drafts import proof
from triage.models import Draft
from triage.tickets.queue_lines import support

_KINDS = {"clarify": "Question back", "holding": "Holding reply", "reply": "Draft"}


def title(draft: Draft, reader: int | None = None) -> Markup:
    """Draft 2 · writer → reviewer approved · 3 of 4 facts supported · answers 2 of 2 questions; `reader` is who looks at it."""
    said = []
    if draft.created_by.startswith("user:"):
        said.append("written by you" if draft.created_by == f"user:{reader}" else f"written by {author(draft) or 'a colleague'}")
        said += [str(note.get("text", "")) for note in draft.review.get("notes") or []]  # type: ignore[attr-defined]
    elif draft.review:
        notes: Any = draft.review.get("notes") or []
        said.append(
            "writer → reviewer approved"
            if draft.review.get("verdict") == "approve"
            else f"reviewer left {words.plural(len(notes), 'note')}"
        )
    facts, unsupported = support(draft.sentences)
    if facts:
        said.append(f"{facts - unsupported} of {words.plural(facts, 'fact')} supported")
    questions: Any = draft.plan.get("questions") or []
    if questions and draft.kind == "reply":
        open_: Any = draft.review.get("unanswered") or []
        said.append(f"answers {max(0, len(questions) - len(open_))} of {words.plural(len(questions), 'question')}")
    return tag(
        "div",
        f"{_KINDS.get(draft.kind, 'Draft')} {draft.version} ",
        mute(" · ".join(said)),
        cls="td-h3",
        data_draft=draft.id or 0,
    )


def author(draft: Draft) -> str:
    """Who wrote it, where the draft says nothing but that; else empty."""
    said = re.fullmatch(r"Written by ([^:()]+)\.", draft.cause or "")
    return said[1] if said else ""


def body(draft: Draft, sources: Sequence[str] = ()) -> Markup:
    """The text with its marks: supported sentences softly lit, unsupported ones underlined, figures set off.

    `sources` are the texts a figure may stand in, for those that no source has.
    """
    parts: list[Markup | str] = []
    position = 0
    for index, sentence in enumerate(draft.sentences):
        start, end = _place(sentence)
        if start < position or end > len(draft.body):
            continue
        parts.append(draft.body[position:start])
        parts.append(_sentence(index, sentence, draft.body[start:end], draft, sources))
        position = end
    parts.append(draft.body[position:])
    return tag("div", *parts, cls="td-draft")


def _place(sentence: dict[str, Any]) -> tuple[int, int]:
    start, end = sentence.get("start", -1), sentence.get("end", -1)
    return (start, end) if isinstance(start, int) and isinstance(end, int) and 0 <= start < end else (-1, -1)


def _sentence(index: int, sentence: dict[str, Any], text: str, draft: Draft, sources: Sequence[str]) -> Markup | str:
    passages = [str(passage) for passage in sentence.get("passages") or []]
    if not sentence.get("supported", True):
        return tag(
            "span",
            marks.figures(text, sources),
            cls="bad" if proof.needs_word(sentence) else "own",
            data_sentence=index,
            data_passages="",
            tabindex=0,
            role="button",
            title=f"{reason(sentence)} Remove it, or acknowledge it."
            if proof.needs_word(sentence)
            else f"In your own words. {reason(sentence)}",
        )
    if sentence.get("kind") not in ("fact", "step") or not passages:
        return marks.figures(text, ())
    titles = {str(c.get("passage")): str(c.get("title")) for c in draft.citations}
    known = ", ".join(dict.fromkeys(titles.get(p, _own(p)) for p in passages))
    return tag(
        "mark",
        marks.figures(text, ()),
        data_sentence=index,
        data_passages=" ".join(passages),
        tabindex=0,
        role="button",
        title=f"Supported by {known}{_cleared(sentence)}",
    )


def _cleared(sentence: dict[str, Any]) -> str:
    """Says so when it was the judge that found the source."""
    judge: Any = sentence.get("judge")
    return f"; in other words, found by the judge ({judge.get('model')})" if judge and judge.get("cleared") else ""


def reason(sentence: dict[str, Any]) -> str:
    """Why no source carries a sentence, in the words of the check."""
    return str(sentence.get("why") or "No source states this.")


def opinion(sentence: dict[str, Any]) -> str:
    """What the judge says for a sentence that stays unsupported all the same; empty when it says nothing for it."""
    judge: Any = sentence.get("judge")
    if not judge or not judge.get("supported"):
        return ""
    return f"The judge ({judge.get('model')}) finds it supported; numbers, names and contradictions are not its to clear."


def _own(passage: str) -> str:
    if passage.startswith("tool:"):
        return f"what {passage.removeprefix('tool:')} answered"
    return f"order {passage.removeprefix('order:')}" if passage.startswith("order:") else "the customer's record"


def warnings(draft: Draft) -> Markup:
    """Honest notices above the text: what ran degraded."""
    return join(
        *[tag("div", sentence, cls="td-strip") for sentence in draft.degraded],
    )
