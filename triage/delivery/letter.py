"""An outbox row as a mail."""

import re
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr

from triage.models import Outbox
from triage.settings import Settings

_ID = re.compile(r"<[\x21-\x3b=\x3f-\x7e]{1,400}>")  # a customer's ids stand in our headers: one plain word each


def letter(outbox: Outbox, settings: Settings) -> EmailMessage:
    """A plain-text mail with correct threading headers, addressed to the row's one recipient."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = formataddr((settings.mail_from_name, settings.mail_from))
    mail["To"] = outbox.recipient
    mail["Subject"] = outbox.subject
    mail["Date"] = format_datetime(outbox.created_at)
    mail["Message-ID"] = outbox.message_id
    known = [one for one in (outbox.in_reply_to, *outbox.references) if one and _ID.fullmatch(one)]
    if outbox.in_reply_to in known:
        mail["In-Reply-To"] = outbox.in_reply_to
    if references := [one for one in outbox.references if one in known]:
        mail["References"] = " ".join(references)
    mail["X-Loop"] = settings.mail_from
    mail["X-Triage-Ticket"] = str(outbox.ticket_id)
    mail["X-Triage-Key"] = outbox.key
    mail.set_content(outbox.body)
    return mail
