"""Shows what is being done and how long each part took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

console = Console(stderr=True, highlight=False)

TITLE_WIDTH = 44


@contextmanager
def stage(title: str) -> Iterator[Callable[[str], None]]:
    """One part of the work. Yields what takes a line about how it goes; on a terminal the line is shown at once."""
    started = time.monotonic()
    with console.status(title) as status:

        def tell(line: str) -> None:
            status.update(f"{title}  [dim]{escape(line[: max(20, console.width - len(title) - 8)])}[/dim]")

        try:
            yield tell
        except BaseException:
            console.print(f"[red]✗[/red] {title}")
            raise
    console.print(f"[green]✓[/green] {title:<{TITLE_WIDTH}} [dim]{time.monotonic() - started:6.1f} s[/dim]")
