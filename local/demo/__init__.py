"""The demo: sample invoices go in, and what became of each is told, with the bills that the ERP then holds.

The ERP is asked over its own REST service, signed as any client signs. A second run puts the demo's company and the
ERP's seed back first, so that it tells the same story.
"""

from __future__ import annotations

import time

from counterfoil.store import Store
from local.demo import books, view
from local.demo.inbox import Inbox
from local.demo.story import read_story
from local.erp import Erp
from local.errors import LocalError
from local.services import erp_credentials
from local.stack import Stack

REST_SECONDS_MAX = 180
POLL_SECONDS = 0.4
# How long nothing may have moved before it counts as at rest: what waits for an order is woken by its changes.
QUIET_SECONDS = 30


def run(stack: Stack) -> None:
    """Tell the story on a deployed stack; LocalError when an invoice came to something else than it is listed for."""
    story = read_story()
    store = Store(stack.client("dynamodb"), stack.outputs["TableName"])
    erp = Erp(stack.installation.erp_url, erp_credentials(stack.installation.port("erp")))
    books.open_company(stack, store, erp, story)
    inbox = Inbox(stack, store)
    board = view.Board(store, stack.installation.company)

    with board.shown():
        board.say("documents arrive in the inbox")
        for sample in story.wave(1):
            board.add(inbox.drop(sample))
        wait_until_at_rest(board)
        board.say("more arrive: one a second time, one under a number that is known")
        for sample in story.wave(2):
            board.add(inbox.drop(sample))
        wait_until_at_rest(board)
        for receipt in story.receipts:
            board.say(f"the ERP receives goods for {receipt.order}")
            books.receive_goods(stack, erp, receipt)
        board.expect_receipts()
        wait_until_at_rest(board)
        board.say("done")

    view.show_outcomes(board.drops)
    view.show_bills(erp.bills())
    view.show_orders(erp.orders(story.order_numbers))
    view.show_seconds(board.drops)
    view.show_next(board.drops)
    otherwise = [drop for drop in board.drops if not drop.is_as_listed]
    if otherwise:
        names = ", ".join(f"{drop.sample.name} ({drop.status_word})" for drop in otherwise)
        raise LocalError(f"came to something else than samples/samples.yaml lists: {names}")


def wait_until_at_rest(board: view.Board) -> None:
    """Until each invoice came to what it is listed for, or to anything else and stayed there for a while."""
    deadline = time.monotonic() + REST_SECONDS_MAX
    while time.monotonic() < deadline:
        board.refresh()
        if all(drop.is_as_listed for drop in board.drops):
            return
        if board.quiet_seconds > QUIET_SECONDS and all(drop.is_at_rest for drop in board.drops):
            return
        time.sleep(POLL_SECONDS)
