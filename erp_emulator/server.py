"""Runs the application: uvicorn, with connections that can be cut from within."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from erp_emulator.app import App

START_SECONDS_MAX = 10.0


def protocol_of(app: App) -> type[HttpToolsProtocol]:
    """An HTTP protocol that tells the application of its connections."""

    class Protocol(HttpToolsProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            # Not asked by its class: that of another event loop is no subclass of asyncio's.
            stream = cast(asyncio.Transport, transport)
            super().connection_made(stream)
            peer = stream.get_extra_info("peername")
            if peer:
                app.transports[tuple(peer[:2])] = stream

        def connection_lost(self, exc: Exception | None) -> None:
            if self.client:
                app.connection_lost((self.client[0], int(self.client[1])))
            super().connection_lost(exc)

    return Protocol


class Server(uvicorn.Server):
    """Calls `ready` once connections are accepted."""

    ready: Callable[[int], None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.ready is not None and self.started:
            self.ready(int(self.servers[0].sockets[0].getsockname()[1]))


Tls = tuple[Path, Path]


def check_tls(tls: Tls | None) -> None:
    """Raises OSError for a certificate and key that cannot be served with."""
    if tls is not None:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*tls)


def config_of(app: App, host: str, port: int, tls: Tls | None = None) -> uvicorn.Config:
    options: dict[str, Any] = {
        "host": host,
        "port": port,
        "log_level": "warning",
        "access_log": False,
        # The parser and the loop in C: half of a small request's time was theirs.
        "http": protocol_of(app),
        "loop": "uvloop",
        "ws": "none",
        "lifespan": "on",
        "timeout_keep_alive": 65,
        "proxy_headers": False,
        "server_header": False,
        "date_header": True,
        "timeout_graceful_shutdown": 3,
    }
    if tls is not None:
        options["ssl_certfile"], options["ssl_keyfile"] = tls
    return uvicorn.Config(app, **options)


def serve(app: App, host: str, port: int, ready: Callable[[int], None], tls: Tls | None = None) -> None:
    """Serve until interrupted; `tls` is a certificate and its key."""
    server = Server(config_of(app, host, port, tls))
    server.ready = ready
    server.run()


class Background:
    """The server on a thread of its own, for tests: a free port, `url`, and `stop`."""

    def __init__(self, app: App, host: str = "127.0.0.1") -> None:
        self.app = app
        self.socket = socket.socket()
        self.socket.bind((host, 0))
        self.port: int = self.socket.getsockname()[1]
        self.url = f"http://{host}:{self.port}"
        self.server = Server(config_of(app, host, self.port))
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.socket]}, daemon=True)

    def start(self) -> None:
        self.thread.start()
        deadline = time.monotonic() + START_SECONDS_MAX
        while not self.server.started:
            if time.monotonic() > deadline or not self.thread.is_alive():
                raise RuntimeError("the emulator did not start")
            time.sleep(0.002)

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(timeout=START_SECONDS_MAX)
        self.socket.close()
