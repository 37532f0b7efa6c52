"""What our loggers write, without personal data: whatever handler it goes to, messages and tracebacks alike."""

import logging
from typing import Any

from triage.guardrails.redaction import without_forms

OURS = ("triage", "knowledge_base")
_PLAIN = logging.Formatter()


def install() -> None:
    """From now on every record of our loggers is made without personal data. Calling it again changes nothing."""
    make = logging.getLogRecordFactory()
    if isinstance(make, _Redacting):
        return
    logging.setLogRecordFactory(_Redacting(make))


class _Redacting:
    """A record factory: filters of a logger do not see what its children log, and handlers are not ours to choose."""

    def __init__(self, make: Any) -> None:
        self.make = make

    def __call__(self, *arguments: Any, **named: Any) -> logging.LogRecord:
        record: logging.LogRecord = self.make(*arguments, **named)
        if record.name.partition(".")[0] in OURS:
            record.msg, record.args = without_forms(record.getMessage()), None
            if record.exc_info and record.exc_info[0]:
                record.exc_text = without_forms(_PLAIN.formatException(record.exc_info))
        return record
