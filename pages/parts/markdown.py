"""Markdown of articles as HTML that can do nothing: no raw HTML, no images from elsewhere, only ordinary links."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup

from pages.parts.markup import tag
from triage.library import links

Resolve = Callable[[str], str | None]


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    parser.add_render_rule("link_open", _link)
    return parser


def rendered(text: str, resolve: Resolve | None = None) -> Markup:
    """The text as it will look; what is no Markdown is shown as written.

    `resolve` gives the id that a linked article has now, or None: such a link is shown as broken.
    """
    return tag("div", Markup(_parser().render(text, {"resolve": resolve})), cls="td-preview")


def _link(renderer: Any, tokens: Sequence[Any], at: int, options: Any, env: Any) -> str:
    """Links to articles lead to their screen, links to other places into a tab of their own."""
    token, resolve = tokens[at], env.get("resolve")
    href = str(token.attrGet("href") or "")
    if article := links.article_in(href):
        found = resolve(article) if resolve else article
        if found is None:
            token.attrSet("class", "broken")
            token.attrSet("title", f"There is no article {article}")
        token.attrSet("href", f"/knowledge?article={found or article}")
        token.attrSet("target", "_self")
    else:
        token.attrSet("target", "_blank")
        token.attrSet("rel", "noopener noreferrer")
    return str(renderer.renderToken(tokens, at, options, env))
