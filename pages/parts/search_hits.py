"""What a search of the knowledge base found, with how sure it is and why."""

from markupsafe import Markup

from knowledge_base.chunking import plain
from knowledge_base.search import Hit
from pages.parts import screen
from pages.parts.markup import chip, join, mute, tag
from triage.library.trial import Tried

_SHOWN = 420


def hits(tried: Tried, *, scores: bool) -> Markup:
    """The hits, best first, with scores for those who tune the search; and how a text in work stands among them."""
    notes = [tag("div", note, cls="td-strip") for note in tried.notes]
    if not tried.hits:
        return join(
            *notes,
            tag(
                "div",
                tag("h3", "Nothing was found"),
                "No published passage fits. Perhaps an article is missing.",
                cls="td-card quiet",
            ),
        )
    own = tried.written.id if tried.written else None
    return join(
        *notes, _own(tried), *[_hit(number, hit, scores, own=hit.article == own) for number, hit in enumerate(tried.hits, 1)]
    )


def _own(tried: Tried) -> Markup | None:
    """Where the text being written would stand once it is published."""
    if tried.written is None or not tried.written.body.strip():
        return None
    if tried.own is None or tried.place is None:
        return tag("div", tag("b", "This text: "), "it would not be found for this question.", cls="td-strip")
    heading = tried.own.heading if tried.own.article == tried.written.id else f"said by {tried.own.title} too"
    where = f" (“{heading}”)" if heading else ""
    place = (
        f"it would stand in place {tried.place}"
        if tried.place <= len(tried.hits)
        else f"only in place {tried.place}, so agents would hardly see it"
    )
    return tag("div", tag("b", "This text: "), f"{place}{where}, with a score of {tried.own.score:.2f}.", cls="td-strip")


def _hit(number: int, hit: Hit, scores: bool, *, own: bool) -> Markup:
    text = plain(hit.text)
    title = tag("b", hit.title) if own else screen.link(hit.title, f"{screen.KNOWLEDGE}?article={hit.article}")
    marks = [
        chip("this text", "a", "As it would be found once it is published") if own else None,
        chip(hit.language, "") if hit.language != "en" else None,
        chip("internal", "w") if hit.audience != "public" else None,
    ]
    return tag(
        "div",
        tag("span", f"{hit.score:.2f}", cls="score", title=f"meaning {hit.meaning:.2f}, words {hit.words:.2f}") if scores else None,
        tag("b", f"{number}. "), title, mute(f" {hit.heading} ") if hit.heading else " ", *marks,
        tag("p", text if len(text) <= _SHOWN else text[:_SHOWN] + "…"),
        mute(f"Why: {hit.why}"),
        cls="td-hit",
    )  # fmt: skip
