"""Questions in other languages than the base's: `python -m benchmarks.languages`, and a part of `make bench-search`.

The same questions in seven languages (foreign_questions.jsonl) are asked of the English articles of the bundled help
centre: the share that finds its article among the first five.
"""

import contextlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.contestants import BARE, Search, ours
from knowledge_base import importing
from knowledge_base.gloss import GLOSSED
from knowledge_base.steps import Steps
from triage.office import Desk, open_desk
from triage.settings import load_settings

FIRST = 5
_QUESTIONS = Path(__file__).with_name("foreign_questions.jsonl")
_ARTICLES = Path(importing.__file__).parent

Shares = dict[str, dict[str, float]]


def hit_rates(desk: Desk) -> Shares:
    """For each way to search, and each language, the share of questions whose article is among the first five."""
    asked: dict[str, list[tuple[str, str]]] = {}
    for line in _QUESTIONS.read_text("utf-8").splitlines():
        row = json.loads(line)
        asked.setdefault(row["language"], []).append((row["text"], row["article"]))
    return {
        name: {
            language: sum(article in search(text)[:FIRST] for text, article in rows) / len(rows)
            for language, rows in asked.items()
        }
        for name, search in _searches(desk).items()
    }


def _searches(desk: Desk) -> dict[str, Search]:
    return {
        "dense alone": ours(desk.searcher, Steps.without("words", "translation", *BARE)),
        "ours, without translation": ours(desk.searcher, Steps.without("translation")),
        "ours": ours(desk.searcher, Steps()),
    }


@contextlib.contextmanager
def english_base() -> Iterator[Desk]:
    """A desk with the English articles of the bundled help centre."""
    with tempfile.TemporaryDirectory(prefix="triage-bench-") as home:
        desk = open_desk(load_settings(home=Path(home), demo=False))
        files = [file for file in sorted(_ARTICLES.glob("*/*.md")) if file.suffixes[:-1] == []]
        try:
            importing.import_paths(desk.database, files, author="benchmark", embed=desk.embedder)
            desk.searcher.refresh()
            yield desk
        finally:
            desk.close()


def table(found: Shares) -> Table:
    """The shares, a column for each language."""
    shown = Table(title=f"Questions in other languages against an English base: hit@{FIRST}", title_justify="left")
    shown.add_column("search")
    for language in ("en", *GLOSSED):
        shown.add_column(language, justify="right")
    shown.add_column("all but en", justify="right")
    for name, shares in found.items():
        others = [shares[language] for language in GLOSSED]
        shown.add_row(name, *(f"{shares[language]:.2f}" for language in ("en", *GLOSSED)), f"{sum(others) / len(others):.2f}")
    return shown


def main() -> None:
    """Print the table."""
    console = Console()
    with english_base() as desk:
        console.print(table(hit_rates(desk)))


if __name__ == "__main__":
    main()
