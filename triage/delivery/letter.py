"""An outbox row as a mail."""

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr

from triage.models import Outbox
from triage.settings import Settings


def letter(outbox: Outbox, settings: Settings) -> EmailMessage:
    """A plain-text mail with correct threading headers, addressed to the row's one recipient."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = formataddr((settings.mail_from_name, settings.mail_from))
    mail["To"] = outbox.recipient
    mail["Subject"] = outbox.subject
    mail["Date"] = format_datetime(outbox.created_at)
    mail["Message-ID"] = outbox.message_id
    if outbox.in_reply_to:
        mail["In-Reply-To"] = outbox.in_reply_to
    if outbox.references:
        mail["References"] = " ".join(outbox.references)
    mail["X-Loop"] = settings.mail_from
    mail["X-Triage-Ticket"] = str(outbox.ticket_id)
    mail["X-Triage-Key"] = outbox.key
    mail.set_content(outbox.body)
    return mail
