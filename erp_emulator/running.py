"""Starts an account and serves it."""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
from pathlib import Path
from typing import Any

from erp_emulator import seed, server
from erp_emulator.account import Account
from erp_emulator.app import App


def run(options: argparse.Namespace) -> int:
    tls = (options.tls_certificate, options.tls_key) if options.tls_certificate else None
    try:
        server.check_tls(tls)
    except OSError as error:
        sys.stderr.write(f"erp_emulator: {options.tls_certificate}, {options.tls_key}: {error}\n")
        return 2
    try:
        app = start(options.account, options.data, options.seed)
    except (seed.BadSeed, OSError, sqlite3.Error, json.JSONDecodeError) as error:
        sys.stderr.write(f"erp_emulator: {options.data or options.seed}: {error}\n")
        return 2

    def ready(port: int) -> None:
        sys.stdout.write(f"{'https' if tls else 'http'}://{options.host}:{port}\n")
        sys.stdout.flush()

    try:
        server.serve(app, options.host, options.port, ready, tls)
    finally:
        app.account.close()
    return 0


def start(account_name: str, data: Path | None, which: str) -> App:
    """An application on a new or a kept account; only a new one is seeded."""
    account = Account(account_name, data)
    if account.store.is_new:
        seed.reset(account, seed_of(which))
    return App(account)


def seed_of(which: str) -> Any:
    if which in ("small", "none", "large"):
        return which
    return seed.load(Path(which))
