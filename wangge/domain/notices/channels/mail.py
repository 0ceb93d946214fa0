"""E-mail by SMTP: ``WANGGE_SMTP_URL`` names the server, ``WANGGE_MAIL_FROM`` the sender."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from collections.abc import Iterator
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from wangge.domain.notices.channels import Failed, NotConfigured
from wangge.kernel.problems import Invalid

SECONDS = 15.0
SCHEMES = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class Mailbox:
    """An open connection to the mail server, for as many mails as there are."""

    def __init__(self, connection: smtplib.SMTP, sender: str) -> None:
        self._connection, self._sender = connection, sender

    def send(self, *, to: str, subject: str, text: str, key: str, at: datetime) -> None:
        """Hand one mail over. ``key`` is the same at every try: it makes the Message-ID. Raises Failed."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self._sender, to, subject
        mail["Date"] = format_datetime(at)
        mail["Message-ID"] = f"<{key}@{self._sender.rsplit('@', 1)[-1].strip('> ')}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(text)
        try:
            self._connection.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            raise Failed(_said(code, said, to), final=code >= 500) from None
        except smtplib.SMTPSenderRefused as error:  # our own address: no mail gets through, whoever it is for
            raise Failed(_said(error.smtp_code, error.smtp_error, to), unreachable=True) from None
        except smtplib.SMTPResponseException as error:
            raise Failed(_said(error.smtp_code, error.smtp_error, to), final=error.smtp_code >= 500) from None
        except (smtplib.SMTPException, OSError) as error:
            raise Failed(f"{type(error).__name__} while sending", unreachable=True) from None


@contextlib.contextmanager
def mailbox(url: str, sender: str) -> Iterator[Mailbox]:
    """Log in to the server at ``url`` (``smtp+starttls://user:password@host:587``). Raises Failed (unreachable) and NotConfigured."""
    if not configured(url, sender):
        raise NotConfigured
    parts = urlsplit(url)
    port = parts.port or SCHEMES[parts.scheme]
    try:
        context = ssl.create_default_context()
        connection: smtplib.SMTP
        if parts.scheme == "smtps":
            connection = smtplib.SMTP_SSL(parts.hostname or "", port, timeout=SECONDS, context=context)
        else:
            connection = smtplib.SMTP(parts.hostname or "", port, timeout=SECONDS)
    except (smtplib.SMTPException, OSError) as error:
        raise Failed(f"mail server: {type(error).__name__}", unreachable=True) from None
    with contextlib.ExitStack() as stack:
        stack.callback(_leave, connection)
        try:
            if parts.scheme == "smtp+starttls":
                connection.starttls(context=context)
            if parts.username:
                connection.login(unquote(parts.username), unquote(parts.password or ""))
        except (smtplib.SMTPException, OSError) as error:
            raise Failed(f"mail server: {type(error).__name__}", unreachable=True) from None
        yield Mailbox(connection, sender)


def configured(url: str, sender: str) -> bool:
    """Whether mail can be sent. Invalid for a URL that is none, before anything is sent."""
    if not url:
        return False
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise Invalid.field(
            "WANGGE_SMTP_URL",
            "url",
            "邮件服务器地址应为 smtp://、smtp+starttls:// 或 smtps://主机:端口。",
            "The mail server is smtp://, smtp+starttls:// or smtps://host:port.",
        )
    if "@" not in sender:
        raise Invalid.field(
            "WANGGE_MAIL_FROM",
            "missing",
            "请设置发件人地址 WANGGE_MAIL_FROM。",
            "Set the sender's address WANGGE_MAIL_FROM.",
        )
    return True


def _leave(connection: smtplib.SMTP) -> None:
    with contextlib.suppress(smtplib.SMTPException, OSError):
        connection.quit()
    connection.close()


def _said(code: int, said: bytes | str, address: str) -> str:
    """The server's words without the address, which servers like to repeat."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return f"{code} {text.replace(address, '…')}"[:200]
