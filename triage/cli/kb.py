"""`triage kb …`: articles in, articles out, and searches."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from triage.cli import lines
from triage.errors import IndexUnavailable, InputError
from triage.models import ImportLine
from triage.office import Desk, open_desk
from triage.settings import Settings, load_settings

if TYPE_CHECKING:
    from triage.library.trial import Tried

app = typer.Typer(help="The knowledge base.", no_args_is_help=True)
_STARTS_WITHIN = 30.0  # seconds for another process to begin a build it was asked for
Home = Annotated[Path | None, typer.Option(help="Home folder; default: TRIAGE_HOME.")]


def settings_of(home: Path | None) -> Settings:
    return load_settings(**({"home": home} if home else {}), demo=False)


@app.command("import")
def import_(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="PATHS", help="Markdown, HTML, PDF, DOCX, CSV, JSONL or zip files, folders of them, or addresses of pages."
        ),
    ],
    home: Home = None,
    draft: Annotated[bool, typer.Option("--draft", help="Keep as drafts instead of publishing.")] = False,
    audience: Annotated[str, typer.Option(help="public or internal, for articles that do not say it themselves.")] = "",
    category: Annotated[str, typer.Option(help="Category of articles that do not name one.")] = "",
    name: Annotated[str, typer.Option(help="Name of the source as a whole; default: the folder's or zip's.")] = "",
    prune: Annotated[bool, typer.Option("--prune", help="Unpublish articles that the source no longer holds.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of lines.")] = False,
) -> None:
    """Import articles and report what was taken, changed and refused, and why. Exit 2 when every item was refused."""
    from triage.library import imports

    pages = [source for source in sources if source.startswith(("http://", "https://"))]
    paths = [Path(source) for source in sources if source not in pages]
    if prune and not (name or len(sources) == 1):
        raise typer.BadParameter("--prune needs one folder or zip, or --name, to know what the source is as a whole.")
    desk = open_desk(settings_of(home))
    try:
        options = imports.ImportOptions(not draft, audience, category, name, prune)
        with _progress() as tell:
            run = imports.run_here(desk, paths, pages, options, author="triage kb import", tell=tell)
        desk.index.sync(desk.database)
        with desk.database.read() as session:
            outcomes = [_print_line(line, as_json) for line in imports.lines_as_written(session, run)]
    finally:
        desk.close()
    if outcomes and set(outcomes) == {"refused"}:
        raise typer.Exit(2)


def _print_line(line: ImportLine, as_json: bool) -> str:
    told = {"source": line.source, "outcome": line.outcome, "article": line.article_id, "why": line.why}
    plain = f"{line.outcome:9} {line.source}" + (f" ({line.why})" if line.why else "")
    typer.echo(json.dumps(told, ensure_ascii=False) if as_json else plain)
    return line.outcome


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr, silent where nobody looks; called with how many items are done of how many."""
    console = Console(stderr=True)
    with Progress(
        TextColumn("Importing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=console, disable=not console.is_terminal, transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task("import", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@app.command()
def categories(
    file: Annotated[Path, typer.Argument(help="TOML of [[category]] tables: slug, title, description, default_priority, group.")],
    examples: Annotated[Path, typer.Argument(help="JSONL of text, category: messages with the category they belong to.")],
    home: Home = None,
) -> None:
    """Set up the categories and their labelled examples; running it again brings them to what the files say."""
    from knowledge_base import sorting
    from knowledge_base.examples import load_taxonomy

    desk = open_desk(settings_of(home))
    try:
        count = desk.database.run_now(lambda session: load_taxonomy(session, file, examples, embed=desk.embedder))
        sorting.fit(desk.database, desk.embedder)
    finally:
        desk.close()
    typer.echo(f"{count} new examples learned")


@app.command()
def reindex(home: Home = None) -> None:
    """Build the search index anew from the database, the old one answering meanwhile, and show how far it is."""
    from knowledge_base import vectors

    desk = open_desk(settings_of(home))
    try:
        made = vectors.fill(desk.database, desk.embedder, lambda done, total: _far("passages embedded", done, total))
        if desk.index.kind == "memory":
            desk.database.run_now(vectors.ask_for_rebuild)
            _follow(desk)
            return
        count = desk.index.rebuild(desk.database, lambda done, total: _far("passages indexed", done, total))
    finally:
        desk.close()
    typer.echo(f"{count} passages indexed" + (f", {made} embedded by {desk.embedder.name}" if made else ""))


def _far(what: str, done: int, total: int) -> None:
    typer.echo(f"{done:,} of {total:,} {what}", err=True)


def _follow(desk: Desk) -> None:
    """Show how another process makes the index that it owns."""
    from knowledge_base import building

    typer.echo("Another process has this home folder's index open and makes it anew; its searches go on.")
    with desk.database.read() as session:
        before = building.latest(session, "index")
    shown, deadline = "", time.monotonic() + _STARTS_WITHIN
    while True:
        time.sleep(0.5)
        with desk.database.read() as session:
            build = building.latest(session, "index")
        if build and (before is None or build.id != before.id):
            if (line := building.in_words(build)) != shown:
                typer.echo(shown := line)
            if build.ended_at:
                return
            deadline = time.monotonic() + 60
        if time.monotonic() > deadline:
            raise IndexUnavailable("The other process has not begun yet, or stopped; the Knowledge screen shows when it is done.")


@app.command()
def export(folder: Annotated[Path, typer.Argument(help="Folder to write Markdown files to.")], home: Home = None) -> None:
    """Write all articles as Markdown with front matter and their files; importing the folder gives the same base."""
    from triage.library import exchange

    desk = open_desk(settings_of(home))
    try:
        with desk.database.read() as session:
            count = exchange.export_folder(session, desk.settings, folder)
    finally:
        desk.close()
    typer.echo(f"{count} articles written to {folder}")


@app.command()
def search(
    words: Annotated[str | None, typer.Argument(help="What to look for.")] = None,
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="How many passages.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    corpus: Annotated[Path | None, typer.Option(help="JSONL of id, title, text to search instead of the knowledge base.")] = None,
    queries: Annotated[Path | None, typer.Option(help="JSONL of id, text: one search each.")] = None,
    out: Annotated[Path | None, typer.Option(help="JSONL to write; default: stdout.")] = None,
    model: Annotated[
        bool, typer.Option("--model", help="Have the model of TRIAGE_MODEL_RANKER reword the question and judge the passages.")
    ] = False,
    home: Home = None,
) -> None:
    """Search the knowledge base, or a corpus given as a file."""
    if queries:
        _search_file(corpus, queries, out, k, home, model)
    elif words:
        _search_words(words, k, as_json, home, model)
    else:
        raise typer.BadParameter('Say what to look for ("words"), or give --queries.')


def _search_words(words: str, k: int, as_json: bool, home: Path | None, model: bool) -> None:
    desk = open_desk(settings_of(home))
    try:
        desk.searcher.refresh()
        tried = _tried(desk, words, k, model)
    finally:
        desk.close()
    for note in tried.notes:
        typer.echo(note, err=as_json)
    if as_json:
        typer.echo(json.dumps([asdict(hit) for hit in tried.hits], ensure_ascii=False, indent=1))
        return
    table = Table("score", "passage", "title", "why")
    for hit in tried.hits:
        table.add_row(f"{hit.score:.2f}", hit.id, f"{hit.title} › {hit.heading}" if hit.heading else hit.title, hit.why)
    Console().print(table if tried.hits else "Nothing found.")


def _tried(desk: Desk, words: str, k: int, model: bool) -> "Tried":
    from triage.library import assisted, trial

    return (
        assisted.search(desk, words, internal=True, k=k) if model else trial.try_search(desk.searcher, words, internal=True, k=k)
    )


def _search_file(corpus: Path | None, queries: Path, out: Path | None, k: int, home: Path | None, model: bool) -> None:
    import tempfile

    with tempfile.TemporaryDirectory(prefix="triage-") as folder:
        desk = open_desk(settings_of(Path(folder) if corpus else home))
        try:
            if corpus:
                _load(desk, corpus)
            with lines.writer(out) as writer:
                for number, line in lines.read(queries):
                    writer.write(_answer(desk, number, line, k, model))
        finally:
            desk.close()


def _load(desk: Desk, corpus: Path) -> None:
    from knowledge_base import importing

    report = importing.import_paths(desk.database, [corpus], author="triage kb search", embed=desk.embedder)
    if not report.lines or all(line.outcome == "refused" for line in report.lines):
        raise InputError("no document could be read; give a JSONL of id, title, text.", source=str(corpus))
    desk.index.sync(desk.database)


def _answer(desk: Desk, number: int, line: dict[str, Any] | InputError, k: int, model: bool) -> dict[str, Any]:
    """The documents of a query, each once with its best passage's score."""
    if isinstance(line, InputError) or not str(line.get("text", "")).strip():
        problem = str(line) if isinstance(line, InputError) else f"line {number}: text is missing"
        return {
            "id": None if isinstance(line, InputError) else line.get("id"),
            "results": [],
            "rewritten": [],
            "seconds": 0.0,
            "error": problem,
        }
    started = time.perf_counter()
    best: dict[str, float] = {}
    tried = _tried(desk, str(line["text"]), k * 3, model)
    for hit in tried.hits:
        for article in (
            hit.article,
            *(article for _, article in hit.same),
        ):  # a document of its own, though its text is another's
            best.setdefault(article, hit.score)
    results = [{"doc": doc, "score": round(score, 4)} for doc, score in list(best.items())[:k]]
    return {
        "id": line.get("id"),
        "results": results,
        "rewritten": list(tried.rewritten),
        "seconds": round(time.perf_counter() - started, 4),
    }
