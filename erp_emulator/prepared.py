"""The large seed as a database that is laid once and copied from then on: `python -m erp_emulator.prepared` lays it.

It is kept in the user's cache, named after the emulator's own files: another version lays another one.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from pathlib import Path

PACKAGE = Path(__file__).parent


def cache() -> Path:
    """The user's own folder; OSError for a user who has none."""
    try:
        return Path.home() / ".cache" / "erp-emulator"
    except RuntimeError as error:
        raise FileNotFoundError(str(error)) from None


def place(folder: Path | None = None) -> Path:
    """Where the database of this version of the emulator is, or will be."""
    folder = folder or cache()
    digest = hashlib.sha256()
    for path in sorted([*PACKAGE.rglob("*.py"), *PACKAGE.glob("*.json")]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return folder / f"large-{digest.hexdigest()[:20]}.sqlite"


def prepare(folder: Path | None = None) -> Path:
    """The database, laid if it is not there yet. Whole or not at all, however many do it at once. OSError if it can't
    be kept."""
    folder = folder or cache()
    path = place(folder)
    if path.exists():
        return path
    from erp_emulator import seed
    from erp_emulator.account import Account

    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(suffix=".part", dir=folder)
    os.close(handle)
    part = Path(name)
    part.unlink()
    account = Account()
    try:
        seed.lay_large(account)
        account.store.save_to(part)
        for old in folder.glob("large-*.sqlite"):
            old.unlink(missing_ok=True)
        part.replace(path)
    finally:
        account.close()
        part.unlink(missing_ok=True)
    return path


if __name__ == "__main__":
    sys.stdout.write(f"{prepare()}\n")
