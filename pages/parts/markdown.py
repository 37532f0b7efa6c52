"""Markdown of articles as HTML that can do nothing: no raw HTML, no images from elsewhere, only ordinary links."""

from functools import cache

from markdown_it import MarkdownIt
from markupsafe import Markup

from pages.parts.markup import tag


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def rendered(text: str) -> Markup:
    """The text as it will look; what is no Markdown is shown as written."""
    return tag("div", Markup(_parser().render(text)), cls="td-preview")
