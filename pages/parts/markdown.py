"""Markdown of articles as HTML that can do nothing: no raw HTML, no images but the articles' own files, only ordinary links."""

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup

from pages.parts.markup import tag
from triage.library import links

_FILE = re.compile(rf"{links.FILES}\d+")
Resolve = Callable[[str], str | None]


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.add_render_rule("link_open", _link)
    parser.add_render_rule("image", _image)
    return parser


def rendered(text: str, resolve: Resolve | None = None) -> Markup:
    """The text as it will look; what is no Markdown is shown as written.

    `resolve` gives the id that a linked article has now, or None: such a link is shown as broken.
    """
    return tag("div", Markup(_parser().render(text, {"resolve": resolve})), cls="td-preview")


def _image(renderer: Any, tokens: Sequence[Any], at: int, options: Any, env: Any) -> str:
    """A picture among the articles' files is shown; of any other, its description and where it lies."""
    token = tokens[at]
    source, said = str(token.attrGet("src") or ""), str(renderer.renderInlineAsText(token.children, options, env))
    if _FILE.fullmatch(source):
        return str(tag("img", src=source, alt=said, loading="lazy"))
    return str(tag("span", said or source, cls="td-mute", title=f"The picture {source} is not among the files of an article."))


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
