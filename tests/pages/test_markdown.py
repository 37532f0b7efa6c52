"""Articles as HTML: what they may show, and what they may not."""

from pages.parts.markdown import rendered


def test_only_pictures_among_the_files_of_articles_are_shown() -> None:
    assert '<img src="/article-files/7" alt="The lid" loading="lazy">' in rendered("![The *lid*](/article-files/7)")
    for elsewhere in ("https://x.example/a.png", "/article-files/7/../8", "img/a.png", "//x.example/article-files/7"):
        shown = rendered(f'![A "lid"]({elsewhere})')
        assert "<img" not in shown and "A &#34;lid&#34;" in shown and "not among the files" in shown


def test_html_stays_text() -> None:
    assert "<img" not in rendered("<img src=x onerror=alert(1)> ![<img src=x>](x)")
