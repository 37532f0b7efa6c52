"""A real SMTP server on loopback, for every test that sends mail."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller


class Mailbox:
    """The server's handler: keeps what it takes, or answers as told; `slow` seconds pass before and after it takes a mail."""

    def __init__(self, slow: float = 0.0) -> None:
        self.taken: list[bytes] = []
        self.arrived = 0
        self.answer = "250 OK"
        self.slow = slow

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.arrived += 1
        await asyncio.sleep(self.slow)
        if self.answer.startswith("250"):
            self.taken.append(envelope.original_content)
        await asyncio.sleep(self.slow)
        return self.answer


@contextmanager
def serving(handler: Mailbox) -> Iterator[tuple[Mailbox, int]]:
    """The handler and the free port at which it is served."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    controller.stop()
