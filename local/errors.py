"""What can go wrong on somebody's machine, told with what to do about it."""

from __future__ import annotations


class LocalError(Exception):
    """Work on the local cloud failed. `hint` says what the person at the keyboard can do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
