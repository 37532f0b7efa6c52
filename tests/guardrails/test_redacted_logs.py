"""No personal data in logs and traces, whichever handler or error brings it there."""

import logging
from collections.abc import Iterator

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from triage import tracing
from triage.database import Database
from triage.guardrails import redacted_logs
from triage.guardrails.redaction import without_forms
from triage.models import SpanRecord, User
from triage.settings import Settings

SAID = "ann@post.example paid with 4111 1111 1111 1111, password: Hunter2!x"


@pytest.fixture
def redacting() -> Iterator[None]:
    before = logging.getLogRecordFactory()
    redacted_logs.install()
    redacted_logs.install()
    yield
    logging.setLogRecordFactory(before)


def test_messages_and_tracebacks_of_our_loggers(redacting: None, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        logging.getLogger("triage.some.child").info("run %s: %s", "0a1b2c", SAID)
        try:
            raise ValueError(SAID)
        except ValueError:
            logging.getLogger("knowledge_base").exception("broke")
        logging.getLogger("other").info("from 10.0.0.200: ann@post.example")
    assert "run 0a1b2c: [e-mail address] paid with [card number], password: [password]" in caplog.text
    assert "ValueError: [e-mail address] paid with" in caplog.text and "test_redacted_logs.py" in caplog.text
    assert caplog.text.count("ann@post.example") == 1, "other people's loggers are left as they are"


def test_what_a_trace_says_of_an_error(database: Database, settings: Settings) -> None:
    tracing.configure(database, settings, redact=without_forms)
    with pytest.raises(ValueError, match="ann@post"), tracing.span("work", {}):
        raise ValueError(SAID)
    tracing.shutdown()
    with database.read() as session:
        [span] = session.exec(select(SpanRecord)).all()
    assert span.attributes["message"] == "[e-mail address] paid with [card number], password: [password]"


def test_an_error_of_the_database_does_not_quote_what_was_stored(database: Database) -> None:
    with pytest.raises(IntegrityError) as caught, database.transaction() as session:
        for _ in range(2):
            session.add(User(email="ann@post.example", name="Ann Lee", role="staff"))
        session.flush()
    assert "Ann Lee" not in str(caught.value)
