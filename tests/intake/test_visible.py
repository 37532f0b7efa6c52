"""HTML as its reader sees it."""

import time

import pytest

from triage.intake.visible import render


@pytest.mark.parametrize(
    "markup",
    [
        '<p style="display:none">SECRET</p>',
        '<p style="DISPLAY : NONE !important">SECRET</p>',
        "<p hidden>SECRET</p>",
        '<p style="visibility:hidden">SECRET</p>',
        '<p style="font-size:0">SECRET</p>',
        '<span style="font:0px/0 arial">SECRET</span>',
        '<p style="font-size:1px">SECRET</p>',
        '<p style="opacity:0">SECRET</p>',
        '<p style="color:#fff">SECRET</p>',
        '<p style="color:white">SECRET</p>',
        '<font color="#FEFEFE">SECRET</font>',
        '<font color="ffffff">SECRET</font>',
        '<div style="background:#000"><p style="color:black">SECRET</p></div>',
        '<p style="color:transparent">SECRET</p>',
        '<p style="color:rgba(0,0,0,0)">SECRET</p>',
        '<div style="position:absolute;left:-9999px">SECRET</div>',
        '<div style="text-indent:-5000px">SECRET</div>',
        '<div style="height:0;overflow:hidden">SECRET</div>',
        '<div style="max-height:0px;overflow:hidden">SECRET</div>',
        '<div style="transform:scale(0)">SECRET</div>',
        '<div style="clip:rect(0,0,0,0)">SECRET</div>',
        '<div style="clip-path:inset(100%)">SECRET</div>',
        '<p style="mso-hide:all">SECRET</p>',
        "<!-- the SECRET words -->",
        '<input type="hidden" value="SECRET">',
        "<style>.x{display:none}</style><p class=x>SECRET</p>",
        "<style>@media screen{p.x{font-size:0}}</style><p class=x>SECRET</p>",
        '<div style="display:none"><p style="display:block">SECRET</p></div>',
    ],
)
def test_hidden_text_is_evidence_not_text(markup: str) -> None:
    page = render(f"<html><body><p>Hello</p>{markup}<p>Bye</p></body></html>")
    assert page.visible == "Hello\n\nBye"
    assert "SECRET" in page.hidden


@pytest.mark.parametrize(
    "markup",
    [
        '<div style="background:#222;color:#fff">SHOWN</div>',
        '<td bgcolor="#003366"><font color="white">SHOWN</font></td>',
        '<div style="font-size:0"><span style="font-size:14px">SHOWN</span></div>',
        '<div style="visibility:hidden"><b style="visibility:visible">SHOWN</b></div>',
        '<div style="opacity:.8">SHOWN</div>',
        "<style>@media (max-width:600px){.m{display:none}}</style><p class=m>SHOWN</p>",
        '<p style="margin-left:-8px">SHOWN</p>',
        '<div style="background:url(x.png);color:white">SHOWN</div>',
        '<div style="overflow:hidden;height:40px">SHOWN</div>',
        '<p style="color:rgb(20, 20, 20)">SHOWN</p>',
        "<noscript>SHOWN</noscript>",
        '<p style="color:red;;;:x">SHOWN</p>',
    ],
)
def test_visible_text_is_not_taken_for_hidden(markup: str) -> None:
    assert render(f"<table><tr><td>{markup}</td></tr></table>") == ("SHOWN", "")


def test_structure_survives() -> None:
    page = render(
        "<p>Hi&nbsp;&amp; hello,<br>two lines</p><table><tr><th>Item</th><th>Price</th></tr><tr><td>Beans</td><td>12 &euro;</td></tr></table>"
        "<ol><li>first</li><li>second</li></ol><ul><li>dot</ul><pre>a\n  b</pre><blockquote>old<br>words</blockquote>"
    )
    assert page.visible == (
        "Hi & hello,\ntwo lines\n\nItem | Price\nBeans | 12 €\n\n1. first\n2. second\n\n- dot\n\na\nb\n\n> old\n> words"
    )


def test_outlook_comments_and_scripts_are_no_evidence() -> None:
    page = render(
        "<!--[if mso]><xml><o:Office>1</o:Office></xml><![endif]--><script>var a = 1</script><style>p{color:red}</style><p>Hi</p>"
    )
    assert page == ("Hi", "")


@pytest.mark.parametrize(
    "markup",
    ["", "<", "<p", "</p></p>", "<div " * 50, "&#x110000; &#0;", "\x00\ud800<b>x", "<style>{{{</style>x", "<p style='color:#'>x"],
)
def test_broken_markup_does_no_harm(markup: str) -> None:
    render(markup)


def test_deep_and_long_documents_take_little_time() -> None:
    start = time.process_time()
    assert render("<div>" * 9000 + "deep" + "</div>" * 9000).visible == "deep"
    assert "row" in render("<table>" + "<tr><td>row</td></tr>" * 8000 + "</table>").visible
    render("<b>x</b>" * 60_000)
    assert time.process_time() - start < 8
