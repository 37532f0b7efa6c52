"""The command as a shell runs it: exit code, stdout, stderr; in this process, so that a test takes no seconds to start."""

import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.homes import lay
from triage import settings as machine
from triage.cli import main
from triage.office import use

ARTICLES = {
    "descaling": "# Descale the kettle\n\nDescale the kettle every three months.\n\n## Steps\n\n1. Fill the kettle with one litre of cold water.\n2. Add one sachet of Kalkweg.\n",
    "pairing": "# Pair the kettle with the app\n\nPair the kettle over Wi-Fi on the 2.4 GHz band.\n",
}


@dataclass
class Ended:
    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two articles."""
    folder = tmp_path_factory.mktemp("articles")
    for name, text in ARTICLES.items():
        (folder / f"{name}.md").write_text(text)
    return folder


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """`run("kb", "search", "words")` with TRIAGE_HOME in the test's own folder."""
    lay(tmp_path / "home")
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path / "home"))

    def running(*words: object) -> Ended:
        machine.settings.cache_clear()
        monkeypatch.setattr(sys, "argv", ["triage", *map(str, words)])
        capfd.readouterr()
        try:
            main()
            code = 0
        except SystemExit as error:
            code = int(error.code or 0)
        finally:
            use(None)
            logging.getLogger("dbos").handlers.clear()  # they hold the stderr of this run
        said = capfd.readouterr()
        return Ended(code, said.out, said.err)

    yield running
    machine.settings.cache_clear()
