"""What a search of the knowledge base found, with how sure it is and why."""

from markupsafe import Markup

from knowledge_base.chunking import plain
from knowledge_base.search import Hit
from pages.parts import screen
from pages.parts.markup import chip, join, mute, tag
from triage.library.trial import Tried

_SHOWN = 420


def hits(tried: Tried, *, scores: bool) -> Markup:
    """The hits, best first, with scores for those who tune the search; and how a text in work would stand among them."""
    if not tried.hits:
        return tag(
            "div",
            tag("h3", "Nothing was found"),
            "No published passage fits. Perhaps an article is missing.",
            cls="td-card quiet",
        )
    return join(_own(tried), *[_hit(number, hit, scores) for number, hit in enumerate(tried.hits, 1)])


def _own(tried: Tried) -> Markup | None:
    if tried.own is None:
        return None
    place = (
        f"by meaning it would stand in place {tried.own_place}"
        if tried.own_place and tried.own_place <= len(tried.hits)
        else "by meaning it would not be among these"
    )
    where = f" (“{tried.own_heading}”)" if tried.own_heading else ""
    return tag("div", tag("b", "This text: "), f"meaning {tried.own:.2f}{where}; {place}.", cls="td-strip")


def _hit(number: int, hit: Hit, scores: bool) -> Markup:
    text = plain(hit.text)
    address = f"{screen.KNOWLEDGE}?article={hit.article}"
    marks = [
        chip(hit.language, "") if hit.language != "en" else None,
        chip("internal", "w") if hit.audience != "public" else None,
    ]
    return tag(
        "div",
        tag("span", f"{hit.score:.2f}", cls="score", title=f"meaning {hit.meaning:.2f}, words {hit.words:.2f}") if scores else None,
        tag("b", f"{number}. "), screen.link(hit.title, address), mute(f" {hit.heading} ") if hit.heading else " ", *marks,
        tag("p", text if len(text) <= _SHOWN else text[:_SHOWN] + "…"),
        mute(f"Why: {hit.why}"),
        cls="td-hit",
    )  # fmt: skip
