"""The next import of the same source: what is found again, what people changed meanwhile, what moved and what is gone."""

from pathlib import Path

import pytest

from knowledge_base import articles, import_places, importing
from knowledge_base.embedding import Embedder
from knowledge_base.import_plan import Options
from knowledge_base.import_report import Report
from knowledge_base.importing import Importer
from tests.knowledge import published
from triage.database import Database
from triage.models import Article

AUTHOR = "user:1"


class Source:
    """A folder that is imported again and again."""

    def __init__(self, folder: Path, database: Database, embed: Embedder) -> None:
        self.folder, self.database, self.embed = folder, database, embed

    def write(self, name: str, text: str | bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)

    def take(self, **options: object) -> Report:
        files = list(import_places.files_of([self.folder]))
        wanted = Options(AUTHOR, **{"scope": "docs", **options})  # type: ignore[arg-type]
        return Importer(self.database, self.embed, wanted, names=import_places.names_of(files)).take(
            import_places.read_files(files)
        )

    def article(self, id: str) -> Article | None:
        with self.database.read() as session:
            return session.get(Article, id)

    def published(self, id: str) -> str:
        with self.database.read() as session:
            found = published(session, id)
            return found.body if found else ""

    def edit(self, id: str, body: str) -> None:
        """Somebody edits the article in the desk, and publishes it."""
        with self.database.transaction() as session:
            articles.save_version(session, id, title="Edited", body=body, author="user:2")
            articles.publish(session, id, author="user:2", embed=self.embed)


@pytest.fixture
def source(tmp_path: Path, desk_database: Database, real_embedder: Embedder) -> Source:
    folder = tmp_path / "docs"
    folder.mkdir()
    return Source(folder, desk_database, real_embedder)


def outcomes(report: Report) -> dict[str, str]:
    return {line.source: line.outcome for line in report.lines}


def test_a_new_title_and_a_new_text_are_a_new_version_of_the_same_article(source: Source) -> None:
    source.write("a.md", "# First\n\nText.")
    source.take()
    source.write("a.md", "# Second\n\nOther text.")
    assert outcomes(source.take()) == {"a.md": "changed"} and source.published("a") == "Other text."
    article = source.article("a")
    assert article and article.latest_version == 2


def test_a_file_that_moved_keeps_its_article(source: Source) -> None:
    source.write("a.md", "# A\n\nText.")
    source.take()
    (source.folder / "a.md").unlink()
    source.write("deep/er/b.md", "# A\n\nText.")
    [line] = source.take().lines
    assert (line.source, line.outcome, line.article) == ("deep/er/b.md", "same", "a") and "Moved here from a.md" in line.why
    source.write("deep/er/b.md", "# A\n\nText, longer.")
    assert source.take().lines[0].article == "a" and source.published("a") == "Text, longer."


def test_a_copy_is_taken_once(source: Source) -> None:
    source.write("a.md", "# A\n\nText.")
    source.write("b.md", "# A\r\n\r\nText.\r\n")
    assert outcomes(source.take()) == {"a.md": "taken", "b.md": "double"} == {
        **outcomes(source.take()), "a.md": "taken"
    }  # fmt: skip
    assert source.article("b") is None


def test_what_people_edited_stays_when_the_source_did_not_change(source: Source) -> None:
    source.write("a.md", "# A\n\nText.")
    source.take()
    source.edit("a", "Edited text.")
    [line] = source.take().lines
    assert line.outcome == "same" and "edited here" in line.why and source.published("a") == "Edited text."


def test_what_people_edited_stays_published_when_the_source_changed_too(source: Source) -> None:
    source.write("a.md", "# A\n\nText.")
    source.take()
    source.edit("a", "Edited text.")
    source.write("a.md", "# A\n\nText of the source.")
    [line] = source.take().lines
    assert line.outcome == "held" and "compare" in line.why and source.published("a") == "Edited text."
    article = source.article("a")
    assert article and (article.latest_version, article.published_version) == (3, 2)


def test_what_people_unpublished_stays_so(source: Source) -> None:
    source.write("a.md", "# A\n\nText.")
    source.take()
    with source.database.transaction() as session:
        articles.unpublish(session, "a", author="user:2")
    [line] = source.take().lines
    assert line.outcome == "same" and "taken out" in line.why and source.published("a") == ""


def test_what_is_gone_is_named_and_only_unpublished_when_asked(source: Source) -> None:
    source.write("a.md", "# A\n\nText.")
    source.write("b.md", "# B\n\nText of b.")
    source.take()
    (source.folder / "b.md").unlink()
    assert outcomes(source.take()) == {"a.md": "same", "b.md": "missing"} and source.published("b")
    assert outcomes(source.take(prune=True)) == {"a.md": "same", "b.md": "removed"} and not source.published("b")
    assert outcomes(source.take(scope="other", prune=True)) == {"a.md": "same"}


def test_nothing_is_gone_that_could_not_be_read(source: Source) -> None:
    source.write("a.md", "# A\n\nText.")
    source.write("faq.csv", "title,text\nOne,First answer\nTwo,Second answer\n")
    source.take()
    source.write("faq.csv", "colour,size\nred,3\n")
    source.write("a.md", b"\x00\x01\xff" * 99)
    report = source.take(prune=True)
    assert outcomes(report) == {"a.md": "refused", "faq.csv:1": "refused"} and source.published("faq-one")
    missing = list(import_places.files_of([source.folder / "nowhere"]))
    options = Options(AUTHOR, scope="docs", prune=True)
    lines = Importer(source.database, source.embed, options, names=import_places.names_of(missing)).take(
        import_places.read_files(missing)
    )
    assert [line.outcome for line in lines.lines] == ["refused"] and source.published("a")


def test_a_row_put_in_between_moves_no_other(source: Source) -> None:
    source.write("faq.csv", "title,text\nOne,First answer\nTwo,Second answer\n")
    source.take()
    source.write("faq.csv", "title,text\nZero,New answer\nOne,First answer\nTwo,Changed answer\nOne,Another answer\n")
    assert list(outcomes(source.take()).values()) == ["taken", "same", "changed", "taken"]
    assert (source.published("faq-two"), source.published("faq-one-2")) == ("Changed answer", "Another answer")


def test_names_that_make_the_same_id_are_two_articles(source: Source) -> None:
    for name, text in {
        "Возврат.md": "# A\n\nFirst.",
        "Оплата.md": "# B\n\nSecond.",
        "a/b.md": "# C\n\nThird.",
        "a-b.html": "<p>Fourth.</p>",
    }.items():
        source.write(name, text)
    report = source.take()
    assert report.count("taken") == 4 and len({line.article for line in report.lines}) == 4
    assert source.take().count("same") == 4


def test_an_import_writes_over_no_article_that_came_from_elsewhere(source: Source) -> None:
    with source.database.transaction() as session:
        articles.save_version(session, "returns", title="Returns", body="By hand.", author="user:2")
    source.write("returns.md", "# Returns\n\nFrom a file.")
    [line] = source.take().lines
    assert line.outcome == "taken" and line.article.startswith("returns-")


def test_what_speaks_against_publishing_makes_a_draft(source: Source) -> None:
    source.write("a.md", "# A\n\nText.")
    source.take()
    source.write("a.md", "# A\n\nPoisoned text.")
    doubts = {"inspect": lambda _title, body: ["it is odd"] if "Poisoned" in body else []}
    [line] = source.take(**doubts).lines
    assert line.outcome == "held" and "it is odd" in line.why and source.published("a") == "Text."
    [again] = source.take(**doubts).lines
    assert again.outcome in ("held", "same") and source.published("a") == "Text."


def test_an_import_that_was_cut_off_finishes_when_repeated(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "_TOGETHER", 3)
    for number in range(10):
        source.write(f"{number}.md", f"# Title {number}\n\nText {number}.")
    files = list(import_places.files_of([source.folder]))
    importer = Importer(source.database, source.embed, Options(AUTHOR, scope="docs"), names=import_places.names_of(files))
    steps = importer.steps(import_places.read_files(files))
    assert len(next(steps)) == 3
    steps.close()
    with source.database.read() as session:
        assert len(articles.listing(session)) == 3
    report = source.take()
    assert (report.count("same"), report.count("taken")) == (3, 7)


def test_a_link_out_of_the_folder_is_not_followed(source: Source, tmp_path: Path) -> None:
    secret = tmp_path / "secret.md"
    secret.write_text("# Secret\n\nText.")
    (source.folder / "link.md").symlink_to(secret)
    [line] = source.take().lines
    assert line.outcome == "refused" and "outside the folder" in line.why
