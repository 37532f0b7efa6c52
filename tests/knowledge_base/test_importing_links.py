"""What the texts of an import show and link to comes along: files become the articles' own, links lead to articles."""

import base64
import hashlib
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from sqlmodel import select

from knowledge_base import linking
from knowledge_base.embedding import Embedder
from knowledge_base.frontmatter import KeptFile
from knowledge_base.import_report import Report
from knowledge_base.importing import import_paths
from tests.knowledge import published
from triage.database import Database
from triage.errors import InputError
from triage.library.files import keeper
from triage.models import ArticleFile
from triage.settings import load_settings

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
Take = Callable[..., Report]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "in"
    path.mkdir()
    return path


@pytest.fixture
def take(database: Database, real_embedder: Embedder, folder: Path, tmp_path: Path) -> Take:
    """Imports the folder, or another path, keeping files by the desk's own rules."""
    settings = load_settings(home=tmp_path / "home", attachment_limit=2_000)
    return lambda path=folder: import_paths(database, [path], author="user:1", embed=real_embedder, keep=keeper(settings))


def write(folder: Path, files: dict[str, str | bytes]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)


def body(database: Database, id: str) -> str:
    with database.read() as session:
        found = published(session, id)
        assert found, id
        return found.body


def files(database: Database, id: str) -> dict[str, tuple[str, str]]:
    """Name and hash of an article's files, by the link to them."""
    with database.read() as session:
        rows = session.exec(select(ArticleFile).where(ArticleFile.article_id == id)).all()
        return {f"{linking.FILES}{row.id}": (row.filename, row.sha256) for row in rows}


def outcomes(report: Report) -> dict[str, str]:
    return {line.source: line.outcome for line in report.lines}


SITE: dict[str, str | bytes] = {
    "guide/start.md": '# Start\n\n![The lid](<../img/the lid.png> "Lid"), [prices](../fees/), [sheet][s], [up](../index.md#top),'
    " [gone](none.md), `[code](../index.md)`, [web](https://x.example).\n\n[s]: prices.xlsx",
    "index.md": "# Index\n\n[Start](guide/start.md) and [again](guide/start.html) and [the page](page.html).",
    "fees.md": "# Fees\n\nFive.",
    "page.html": "<title>Page</title><main><h1>Page</h1><p>See <a href='index.md'>all</a> <img src='img/the%20lid.png' alt='Lid'></p></main>",
    "img/the lid.png": PNG,
    "img/unused.png": PNG,
    "guide/prices.xlsx": b"PK not looked into",
}


@pytest.mark.parametrize("packed", [False, True])
def test_links_and_pictures_of_a_folder_or_zip_lead_to_articles_and_their_files(
    database: Database, folder: Path, take: Take, tmp_path: Path, packed: bool
) -> None:
    write(folder, SITE)
    path = folder
    if packed:
        path = tmp_path / "in.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in SITE.items():
                archive.writestr(name, text)
    report = take(path)
    assert outcomes(report) == {
        "guide/start.md": "taken", "index.md": "taken", "fees.md": "taken", "page.html": "taken", "img/unused.png": "refused",
    }  # fmt: skip
    [start] = [line for line in report.lines if line.source == "guide/start.md"]
    assert start.why == "Links that lead nowhere: none.md"
    links = {name: link for link, (name, _) in files(database, "guide-start").items()}
    assert body(database, "guide-start") == (
        f'![The lid]({links["the lid.png"]} "Lid"), [prices](fees), [sheet][s], [up](index), [gone](none.md), `[code](../index.md)`,'
        f" [web](https://x.example).\n\n[s]: {links['prices.xlsx']}"
    )
    assert body(database, "index") == "[Start](guide-start) and [again](guide-start) and [the page](page)."
    [(lid, (name, sha256))] = files(database, "page").items()
    assert (name, sha256) == ("the lid.png", hashlib.sha256(PNG).hexdigest())
    assert body(database, "page") == f"See [all](index) ![Lid]({lid})"
    again = take(path)
    assert set(outcomes(again).values()) == {"same", "refused"} and len(files(database, "guide-start")) == 2


def test_a_changed_picture_is_a_changed_article(database: Database, folder: Path, take: Take) -> None:
    write(folder, {"a.md": "# A\n\n![x](x.png)", "x.png": PNG})
    take()
    write(folder, {"x.png": PNG + b"more"})
    assert outcomes(take()) == {"a.md": "changed"}
    [old, new] = files(database, "a")
    assert body(database, "a") == f"![x]({new})" and old != new


def test_files_that_the_desk_does_not_take_get_a_line_and_the_text_comes_without_them(
    database: Database, folder: Path, take: Take
) -> None:
    write(
        folder,
        {"a.md": "# A\n\n[large](x.png) [odd](setup.exe) [fake](y.png)", "x.png": PNG * 100, "setup.exe": b"MZ", "y.png": b"no"},
    )
    report = take()
    assert outcomes(report) == {"a.md": "taken", "x.png": "refused", "setup.exe": "refused", "y.png": "refused"}
    why = {line.source: line.why for line in report.lines}
    assert "2,000 bytes" in why["x.png"] and "program" in why["setup.exe"] and "not one" in why["y.png"]
    assert all(line.article == "a" for line in report.refused) and not files(database, "a")
    assert body(database, "a") == "[large](x.png) [odd](setup.exe) [fake](y.png)"


def test_pictures_within_word_documents_and_pages_become_files(database: Database, folder: Path, take: Take) -> None:
    document = docx.Document()
    document.add_paragraph("Look here.")
    document.add_picture(io.BytesIO(PNG))
    document.save(str(folder / "manual.docx"))
    data = base64.b64encode(PNG).decode()
    write(
        folder, {"saved.html": f"<title>Saved</title><main><p>So: <img alt='it' src='data:image/png;base64,{data}'></p></main>"}
    )
    assert outcomes(take()) == {"manual.docx": "taken", "saved.html": "taken"}
    [(link, (name, _))] = files(database, "manual").items()
    assert body(database, "manual") == f"Look here.\n\n![image1.png]({link})" and name == "image1.png"
    [(link, (name, _))] = files(database, "saved").items()
    assert body(database, "saved") == f"So: ![it]({link})" and name == "picture-1.png"


def test_links_go_round_in_circles_and_to_ids_that_are_made_later(database: Database, folder: Path, take: Take) -> None:
    write(folder, {
        "a/b.md": "# One\n\n[two](../a-b.md) [three](c.md)", "a-b.md": "# Two\n\n[one](a/b.md)",
        "a/c.md": "---\nid: named\n---\n# Three\n\n[one](b.md)", "copy.md": "# Same\n\nText.", "a/copy.md": "# Same\n\nText.",
        "z.md": "# Z\n\n[first](copy.md) [second](a/copy.md) [bad](bad.md)", "bad.md": "---\naudience: nobody\n---\n# Bad\n\nText.",
    })  # fmt: skip
    report = take()
    places = {line.source: line.article for line in report.lines}
    assert places["a/b.md"] != places["a-b.md"] and places["a/copy.md"] == places["copy.md"] and places["a/c.md"] == "named"
    assert body(database, places["a/b.md"]) == f"[two]({places['a-b.md']}) [three](named)"
    assert body(database, places["a-b.md"]) == f"[one]({places['a/b.md']})" == body(database, "named")
    assert body(database, "z").startswith(f"[first]({places['copy.md']}) [second]({places['copy.md']})")
    with database.read() as session:
        for id in {id for source, id in places.items() if source != "bad.md"}:
            found = published(session, id)
            assert found is not None
            assert all(published(session, target) for target in linking.targets(found.body) if target != "bad")


def test_no_link_leaves_the_source(folder: Path, take: Take, database: Database) -> None:
    write(folder.parent, {"secret.png": PNG})
    write(folder, {"a.md": "# A\n\n![x](../secret.png) ![y](/etc/passwd) ![z](%2e%2e/secret.png)", "b.png": PNG})
    report = take()
    assert (
        not files(database, "a") and "../secret.png, /etc/passwd, %2e%2e/secret.png" in report.lines[-1].why + report.lines[0].why
    )


def test_an_article_that_is_linked_and_refused_says_so(folder: Path, take: Take) -> None:
    write(folder, {"a.md": "# A\n\n[b](b.md)", "b.md": "---\naudience: nobody\n---\n# B\n\nText."})
    [_, refused] = take().lines
    assert refused.outcome == "refused" and refused.why.endswith("Links to it lead nowhere: a.md.")


def test_an_odd_list_of_synonyms_is_refused_and_the_articles_are_taken(folder: Path, take: Take) -> None:
    for text in ("a: b", "- x", "[", "- &a [x, y]\n- *a"):
        write(folder, {"a.md": "# A\n\nText.", "synonyms.yaml": text})
        assert outcomes(take())["synonyms.yaml"] == "refused"
    write(folder, {"synonyms.yaml": "- [VAT, value added tax]\n- [one]"})
    report = take()
    assert outcomes(report)["synonyms.yaml"] == "taken" and "two different terms" in report.lines[-1].why
    assert outcomes(take())["synonyms.yaml"] == "refused" or outcomes(take())["synonyms.yaml"] == "same"


def test_rewriting_leaves_code_and_what_is_no_link_alone() -> None:
    text = "```\n[a](a.md)\n```\n`[a](a.md)` ``[a](a.md)`` [a](b c) [a]( a.md ) [a](<a b.md> 'T')\n[r]: a.md\n~~~\n[a](a.md)"
    assert linking.targets(text) == ["a.md", "a b.md", "a.md"]
    assert linking.rewritten(text, lambda target: None) == text


def test_what_is_too_much_is_refused(monkeypatch: pytest.MonkeyPatch, folder: Path, take: Take, database: Database) -> None:
    from knowledge_base import import_files

    monkeypatch.setattr(import_files, "_MOST", 1)
    write(folder, {"a.md": "# A\n\n![x](x.png) ![y](y.png)", "x.png": PNG, "y.png": PNG + b"2"})
    assert outcomes(take()) == {"a.md": "taken", "y.png": "refused"} and len(files(database, "a")) == 1


def test_keeping_refuses_in_plain_words(tmp_path: Path) -> None:
    keep = keeper(load_settings(home=tmp_path))
    with pytest.raises(InputError, match="empty"):
        keep("a.png", b"")
    assert keep("a.png", PNG) == KeptFile("a.png", "image/png", len(PNG), hashlib.sha256(PNG).hexdigest())
