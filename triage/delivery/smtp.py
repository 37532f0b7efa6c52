"""Hands mail to an SMTP server; says surely no, surely yes, or not sure."""

from email.message import EmailMessage

import aiosmtplib

from triage.errors import DeliveryError, DeliveryUncertain
from triage.settings import Settings


class TemporaryFailure(DeliveryError):
    """The server did not take the mail now; later it may."""


async def send(mail: EmailMessage, settings: Settings) -> None:
    """Send one mail.

    Raises TemporaryFailure (not taken, try later), DeliveryError (refused for good) and DeliveryUncertain
    (the connection broke after the text was handed over and before the server said yes).
    """
    client = aiosmtplib.SMTP(
        hostname=settings.smtp_host, port=settings.smtp_port, timeout=30,
        use_tls=settings.smtp_tls == "tls", start_tls=settings.smtp_tls == "starttls",
    )  # fmt: skip
    try:
        await client.connect()
        if settings.smtp_user:
            await client.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        await client.mail(str(mail["From"].addresses[0].addr_spec))
        await client.rcpt(str(mail["To"].addresses[0].addr_spec))
    except aiosmtplib.SMTPResponseException as error:
        client.close()
        kind = TemporaryFailure if error.code < 500 else DeliveryError
        raise kind(f"The mail server said {error.code} {error.message}.") from error
    except (aiosmtplib.SMTPException, OSError) as error:
        client.close()
        raise TemporaryFailure(f"The mail server {settings.smtp_host} cannot be reached: {error}.") from error
    await _hand_over(client, mail)


async def _hand_over(client: aiosmtplib.SMTP, mail: EmailMessage) -> None:
    try:
        await client.data(mail.as_bytes())
    except aiosmtplib.SMTPResponseException as error:
        kind = TemporaryFailure if error.code < 500 else DeliveryError
        raise kind(f"The mail server said {error.code} {error.message}.") from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise DeliveryUncertain(
            "The connection to the mail server broke while it took the mail; it may have been sent."
        ) from error
    finally:
        client.close()
