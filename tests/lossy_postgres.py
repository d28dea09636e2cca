"""A way to a PostgreSQL server that can lose the reply to a COMMIT, or the COMMIT itself."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto


class Loss(Enum):
    """What gets lost."""

    REPLY = auto()
    """The server has committed; the connection breaks before it can say so."""
    COMMIT = auto()
    """The connection breaks before the server hears of it."""


@dataclass
class Way:
    """Passes on what comes; `lose` makes the next COMMIT go wrong, once.

    `refused` breaks so many connections off at their next word first.
    """

    upstream: tuple[str, int]
    port: int = 0
    lose: Loss | None = None
    lost: int = 0
    refused: int = 0
    _listener: socket.socket = field(default_factory=socket.socket)

    def listen(self) -> None:
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self.upstream)
                threading.Thread(target=self._there, args=(client, server), daemon=True).start()
                threading.Thread(target=self._back, args=(client, server), daemon=True).start()

    def _there(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError), client, server:
            while data := client.recv(65536):
                if self.refused:
                    self.refused -= 1
                    client.shutdown(socket.SHUT_RDWR)
                    server.shutdown(socket.SHUT_RDWR)
                    return
                loss = self.lose if b"COMMIT" in data else None
                if loss is None:
                    server.sendall(data)
                    continue
                self.lose, self.lost = None, self.lost + 1
                client.shutdown(socket.SHUT_RDWR)
                if loss is Loss.REPLY:
                    server.sendall(data)
                    threading.Event().wait(0.3)
                server.shutdown(socket.SHUT_RDWR)
                return

    @staticmethod
    def _back(client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                client.sendall(data)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


@contextmanager
def lossy(url: str) -> Iterator[tuple[Way, str]]:
    """A way to the server of this URL, and the URL by it."""
    host_and_port, _, database = url.removeprefix("postgresql://").partition("/")
    user, _, address = host_and_port.rpartition("@")
    host, _, port = address.partition(":")
    way = Way((host, int(port or 5432)))
    way.listen()
    try:
        yield way, f"postgresql://{user}@127.0.0.1:{way.port}/{database}"
    finally:
        way.close()
