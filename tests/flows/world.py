"""A whole deployment in one process, in which everything that can go wrong with messages and calls does.

The table and the bucket are in memory, the ERP is the emulator behind real HTTP. Deliveries, queue messages and the
stream's records lie in one heap; a seeded random picks what happens next: a message is handled, handled twice, lost or
overtaken; a call of AWS or the ERP is cut before or after it took effect; another handler runs in the middle of one.
"""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from counterfoil.domain.deliveries import Delivery
from counterfoil.domain.invoices import Invoice
from counterfoil.domain.lifecycle import Status, Step
from counterfoil.errors import CounterfoilError
from counterfoil.files import Files
from counterfoil.netsuite.client import Credentials, NetSuiteClient
from counterfoil.steps import capture, export, match, route, sweep, sync
from counterfoil.store import Store, invoice_of_image
from tests.conftest import TABLE, Clock
from tests.memory import MemoryBucket, MemoryTable

BUCKET = "inbox"
RECEIVES_MAX = 5
ROUNDS_MAX = 4_000
NESTING_MAX = 2
QUIET_ROUNDS = 2


def unhurried(seconds: float) -> None:
    """Nobody waits here: time is the world's own."""


class Cut(Exception):
    """The process died, the network went away: nothing after this happened."""


@dataclass
class Faults:
    """How often things go wrong, each from 0 to 1."""

    cut_before: float = 0.0
    cut_after: float = 0.0
    interleave: float = 0.0
    lost: float = 0.0
    twice: float = 0.0
    stale: float = 0.0
    erp_cut_before: float = 0.0
    erp_cut_after: float = 0.0


@dataclass
class Pending:
    """Something that waits to be handled, and how often that was tried."""

    what: str
    handle: Callable[[], None]
    may_be_lost: bool = True
    receives: int = 0


class FaultyClient:
    """A boto3 client whose calls may be cut, or interrupted by another handler."""

    def __init__(self, client: Any, world: World) -> None:
        self._client = client
        self._world = world

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)

        def call(**arguments: Any) -> Any:
            self._world.before_call(name)
            answer = method(**arguments)
            self._world.after_call(name)
            return answer

        return call


class FaultyAdapter(HTTPAdapter):
    """HTTP to the ERP that is cut before a request was sent, or after its work was done."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def send(self, request: Any, **options: Any) -> Any:  # type: ignore[override]
        if self._world.happens(self._world.faults.erp_cut_before):
            raise requests.ConnectTimeout("cut before it was sent")
        response = super().send(request, **options)
        if self._world.happens(self._world.faults.erp_cut_after):
            response.close()
            raise requests.ReadTimeout("cut after it was done")
        return response


@dataclass
class World:
    """`run` works the heap down under faults; `settle` then lets everything come to rest without any."""

    seed: int
    credentials: Credentials
    companies: tuple[str, ...] = ("demo",)
    random: Random = field(init=False)
    faults: Faults = field(init=False)
    heap: deque[Pending] = field(default_factory=deque)
    dead: list[Pending] = field(default_factory=list)
    lost: int = 0
    handled: int = 0
    _nesting: int = 0

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.faults = Faults()
        self.clock = Clock()
        self._table, self._bucket = MemoryTable(lambda: self.happens(self.faults.stale)), MemoryBucket()
        self._routed = 0
        self.calm_store = Store(self._table, TABLE, pause=unhurried)  # type: ignore[arg-type]
        self.store = Store(FaultyClient(self._table, self), TABLE, pause=unhurried)  # type: ignore[arg-type]
        self.files = Files(FaultyClient(self._bucket, self), BUCKET)  # type: ignore[arg-type]
        session = requests.Session()
        session.mount("http://", FaultyAdapter(self))
        self.erp = NetSuiteClient(self.credentials, session, sleep=unhurried)
        self.calm_erp = NetSuiteClient(self.credentials)

    # What happens from outside

    def drop(self, key: str, content: bytes) -> None:
        """Put an object into the bucket; its notification lies in the heap."""
        put = self._bucket.put_object(Key=key, Body=content)
        delivery = Delivery(
            company="", bucket=BUCKET, key=key, version_id=put["VersionId"], size=len(content), at=self.clock()
        )
        # Whatever else is lost can be asked of the table again; this is the first that is known of a document. SQS
        # keeps it, if need be in the dead-letter queue, until somebody redrives it.
        self.heap.append(
            Pending(
                f"delivery {key}",
                lambda: _ignore(capture.receive(delivery, store=self.store, files=self.files, now=self.clock)),
                may_be_lost=False,
            )
        )

    def read_erp(self) -> None:
        for company in self.companies:
            self._add(f"sync {company}", lambda company=company: self._sync(company))

    def sweep(self) -> None:
        for company in self.companies:
            self._add(
                f"sweep {company}",
                lambda company=company: _ignore(sweep.sweep(company, store=self.store, now=self.clock)),
            )

    # Working the heap

    def run(self, rounds: int) -> None:
        """Handle that many things in random order, with the clock moving on and faults as they are set."""
        for _ in range(rounds):
            self._collect_stream()
            if not self.heap:
                return
            self.clock.advance(seconds=self.random.uniform(0, 20))
            self._handle(self._picked())

    def settle(self) -> None:
        """Without faults: redrive what is dead, then sweep, sync and work until nothing changes any more."""
        self.faults = Faults()
        self.heap.extend(pending for pending in self.dead if not pending.may_be_lost)
        self.dead.clear()
        quiet = 0
        for _ in range(ROUNDS_MAX):
            self._collect_stream()
            if self.heap:
                self._handle(self.heap.popleft())
                continue
            before = self.states()
            self.clock.advance(hours=2)
            self.sweep()
            self.read_erp()
            while self.heap:
                self._handle(self.heap.popleft())
                self._collect_stream()
            quiet = quiet + 1 if self.states() == before else 0
            if quiet == QUIET_ROUNDS:
                return
        raise AssertionError(f"seed {self.seed}: not at rest after {ROUNDS_MAX} rounds: {self.states()}")

    def invoices(self, company: str = "demo") -> list[Invoice]:
        """Every invoice that a person can see in a list."""
        return [
            invoice for status in Status for invoice in self.calm_store.invoices(company, status, limit=200).invoices
        ]

    def written_down(self, company: str = "demo") -> list[Invoice]:
        """Every invoice as it is in the table at this instant, whatever an index shows of it."""
        found = (invoice_of_image(_as_lambda_sees(item)) for item in self._table.items_of("invoice"))
        return [invoice for invoice in found if invoice.company == company]

    def states(self) -> dict[str, tuple[Status, int]]:
        return {
            invoice.id: (invoice.status, invoice.version)
            for company in self.companies
            for invoice in self.invoices(company)
        }

    # Faults

    def happens(self, probability: float) -> bool:
        return probability > 0 and self.random.random() < probability

    def before_call(self, name: str) -> None:
        if self._nesting < NESTING_MAX and self.heap and self.happens(self.faults.interleave):
            with self._nested():
                self._handle(self._picked())
        if self.happens(self.faults.cut_before):
            raise Cut(name)

    def after_call(self, name: str) -> None:
        if self.happens(self.faults.cut_after):
            raise Cut(name)

    @contextmanager
    def _nested(self) -> Iterator[None]:
        self._nesting += 1
        try:
            yield
        finally:
            self._nesting -= 1

    def _picked(self) -> Pending:
        index = self.random.randrange(len(self.heap))
        self.heap.rotate(-index)
        return self.heap.popleft()

    def _handle(self, pending: Pending) -> None:
        if pending.may_be_lost and self.happens(self.faults.lost):
            self.lost += 1
            return
        if self.happens(self.faults.twice):
            self.heap.append(replace(pending))
        self.handled += 1
        try:
            pending.handle()
        except (Cut, CounterfoilError):
            pending.receives += 1
            if pending.receives < RECEIVES_MAX:
                self.heap.append(pending)
            else:
                pending.receives = 0
                self.dead.append(pending)

    def _add(self, what: str, handle: Callable[[], None]) -> None:
        self.heap.append(Pending(what, handle))

    def _collect_stream(self) -> None:
        changes = self._table.changes[self._routed :]
        self._routed = len(self._table.changes)
        for change in changes:
            old, new = map(_as_lambda_sees, change)
            self._add("stream", lambda old=old, new=new: self._route(old, new))

    def _route(self, old: Any, new: Any) -> None:
        for message in route.changes(old, new, store=self.store):
            self._add(f"{message.queue} {message.body}", lambda message=message: self._step(message))

    def _step(self, message: route.Message) -> None:
        company, invoice_id = str(message.body["company"]), str(message.body.get("invoice_id"))
        match message.queue:
            case Step.CAPTURE:
                capture.resume(company, invoice_id, store=self.store, files=self.files, now=self.clock)
            case Step.MATCH:
                match.match(company, invoice_id, store=self.store, now=self.clock)
            case Step.EXPORT:
                export.export(company, invoice_id, store=self.store, client=self.erp, now=self.clock)
            case route.SYNC:
                self._sync(company)
            case _:
                raise AssertionError(message)

    def _sync(self, company: str) -> None:
        deadline = self.clock() + timedelta(minutes=5)
        sync.sync(company, store=self.store, client=self.erp, clock=self.clock, deadline=deadline)


def _as_lambda_sees(image: Any) -> Any:
    if image is None or "body" not in image:
        return image
    return image | {"body": {"B": base64.b64encode(image["body"]["B"]).decode()}}


def _ignore(outcome: object) -> None:
    del outcome
