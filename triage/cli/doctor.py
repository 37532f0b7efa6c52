"""`triage doctor`: is everything there that the desk needs, and what to do when it is not."""

import importlib.metadata
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated

import typer
from sqlmodel import func, select

from triage import audit
from triage.database import Database, migrate, open_database
from triage.database.engine import check as check_database
from triage.llm import kept
from triage.models import Article, Passage
from triage.settings import Settings, settings

PACKAGES = ("streamlit", "sqlmodel", "openai", "chromadb", "guardrails-ai", "apscheduler", "dbos", "tokenizers", "onnxruntime")


@dataclass(frozen=True)
class Finding:
    """One check: what was looked at, whether it is well, what was seen, what to do."""

    check: str
    ok: bool
    seen: str
    todo: str = ""


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of lines.")] = False) -> None:
    """Check dependencies, database, index, embedder, models and mail. Exit 1 when something is wrong."""
    findings = examine(settings())
    for finding in findings:
        mark = "ok  " if finding.ok else "FAIL"
        plain = f"{mark} {finding.check}: {finding.seen}" + (f"\n     → {finding.todo}" if finding.todo else "")
        typer.echo(json.dumps(asdict(finding)) if as_json else plain)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def examine(settings: Settings) -> list[Finding]:
    """Every check in order; later ones are left out when the database does not answer."""
    findings = [_python(), _packages(), _home(settings)]
    database = open_database(settings)
    try:
        problem = check_database(database)
        findings.append(
            _finding("database", problem, "answers", "Check TRIAGE_DATABASE_URL, or that the home folder can be written.")
        )
        if problem is None:
            migrate(database)
            findings += [_guarded(name, look, database, settings) for name, look in _DATABASE_CHECKS]
    finally:
        database.close()
    return [*findings, _models(settings), _mail(settings)]


def _python() -> Finding:
    return Finding(
        "python",
        sys.version_info >= (3, 11),
        sys.version.split()[0],
        "" if sys.version_info >= (3, 11) else "Install Python 3.11 or newer.",
    )


def _packages() -> Finding:
    missing, found = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    return Finding(
        "packages",
        not missing,
        ", ".join(missing or found),
        f"Run make run, which installs {', '.join(missing)}." if missing else "",
    )


def _home(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.folder("")).free / 1e9
    return Finding(
        "home", free > 0.5, f"{settings.home.resolve()}, {free:.0f} GB free", "" if free > 0.5 else "Free some disk space."
    )


def _audit(database: Database, settings: Settings) -> str:
    with database.read() as session:
        broken = audit.verify(session)
    if broken is not None:
        raise ValueError(f"event {broken} was changed or is missing its predecessor; compare with a backup")
    return "the chain of events holds"


def _index(database: Database, settings: Settings) -> str:
    from knowledge_base.index import Index

    index = Index.open(settings.home, settings)
    try:
        index.sync(database)
        if problem := index.check():
            raise ValueError(f"{problem}; run triage kb reindex")
    finally:
        index.close()
    with database.read() as session:
        articles = session.exec(select(func.count()).select_from(Article)).one()
        passages = session.exec(select(func.count()).select_from(Passage)).one()
    return f"{articles} articles, {passages} passages"


def _embedder(database: Database, settings: Settings) -> str:
    from knowledge_base.embedding import embedder

    vector = embedder().encode(["does it work"])
    return f"{embedder().name}, {vector.shape[1]} dimensions"


def _kept(database: Database, settings: Settings) -> str:
    with database.read() as session:
        hits, asked, size = kept.rates(session)
    if settings.kept_answers_mb == 0:
        return "off (TRIAGE_KEPT_ANSWERS_MB is 0)"
    share = f"{hits} of {asked} requests of the last 30 days read back ({hits / asked:.0%})" if asked else "nothing asked yet"
    return f"{share}, {size / 1e6:.1f} of {settings.kept_answers_mb} MB"


_DATABASE_CHECKS: tuple[tuple[str, Callable[[Database, Settings], str]], ...] = (
    ("audit log", _audit),
    ("embedder", _embedder),
    ("search index", _index),
    ("kept answers", _kept),
)


def _guarded(name: str, look: Callable[[Database, Settings], str], database: Database, settings: Settings) -> Finding:
    try:
        return Finding(name, True, look(database, settings))
    except Exception as error:  # a doctor reports every illness instead of catching it
        return Finding(name, False, type(error).__name__, str(error).splitlines()[0])


def _models(settings: Settings) -> Finding:
    if not settings.uses_service:
        return Finding("models", True, "offline engine; set OPENAI_API_KEY or OPENAI_BASE_URL to use a model service")
    chosen = [settings.model_manager, settings.model_analyst, settings.model_writer, settings.model_reviewer]
    names = dict.fromkeys([*chosen, *filter(None, [settings.model_ranker, settings.model_judge])])
    problem = _reach(settings)
    same = " (writer and reviewer use the same model; choose two)" if settings.model_writer == settings.model_reviewer else ""
    own = " (writer and judge use the same model; choose two)" if settings.model_writer == settings.model_judge else ""
    return _finding(
        "models",
        problem,
        ", ".join(names) + same + own,
        "Check OPENAI_BASE_URL and OPENAI_API_KEY; tickets use the offline engine until then.",
    )


def _reach(settings: Settings) -> str | None:
    from triage.llm.reach import reach

    return reach(settings)


def _mail(settings: Settings) -> Finding:
    if not settings.smtp_host:
        return Finding("mail", True, f"replies go to the Maildir {settings.home.resolve() / 'mail' / 'sent'}")
    import smtplib

    try:
        with smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=10) as server:
            server.noop()
    except (OSError, smtplib.SMTPException) as error:
        return Finding(
            "mail", False, f"{settings.smtp_host}:{settings.smtp_port}: {error}", "Check TRIAGE_SMTP_HOST and TRIAGE_SMTP_PORT."
        )
    return Finding("mail", True, f"{settings.smtp_host}:{settings.smtp_port} answers")


def _finding(check: str, problem: str | None, fine: str, todo: str) -> Finding:
    return Finding(check, problem is None, problem or fine, todo if problem else "")
