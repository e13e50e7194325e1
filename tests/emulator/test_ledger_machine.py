"""Orders, receipts, bills, returns, credits and payments in any order, held to an oracle that knows only sums."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from erp_emulator import actions, balances, ledger, records, seed, transforms
from erp_emulator.account import Account
from erp_emulator.errors import NetSuiteError
from erp_emulator.inputs import Change

D = Decimal
CENT = D("0.01")
QUANTITIES = st.integers(1, 12).map(D)


class Books(RuleBasedStateMachine):
    """The oracle: for each order line ordered, received, billed; for each bill total and applied; a return's line is
    an order's the other way round: authorised, shipped, credited."""

    orders = Bundle("orders")
    bills = Bundle("bills")
    returns = Bundle("returns")

    def __init__(self) -> None:
        super().__init__()
        self.account = Account()
        seed.reset(self.account)
        self.lines: dict[str, dict[str, D]] = {}
        self.taken: dict[str, tuple[str, D]] = {}
        self.receipts: dict[str, tuple[str, D]] = {}
        self.totals: dict[str, D] = {}
        self.applied: dict[str, D] = {}
        self.payments: dict[str, tuple[str, D]] = {}
        self.rejected: set[str] = set()
        self.back: dict[str, dict[str, D]] = {}
        self.source: dict[str, str] = {}
        self.shipments: dict[str, tuple[str, D]] = {}
        self.credited = D(0)
        self.first = self.sums()

    def sums(self) -> dict[str, D]:
        """What vendor 501 is owed and has open, and what there is of item 71, as SuiteQL and the records both say."""
        texts = {
            "owed": "SELECT balance, balanceprimary FROM vendor WHERE id = 501",
            "unbilled": "SELECT unbilledorders FROM vendor WHERE id = 501",
            "onhand": "SELECT totalquantityonhand FROM item WHERE id = 71",
            "onorder": "SELECT SUM(quantityonorder) FROM aggregateitemlocation WHERE item = 71",
        }
        found: dict[str, D] = {}
        for name, text in texts.items():
            page = self.account.engine.run(
                text,
                [],
                self.account.query_account(),
                role="administrator",
                limit=5,
                offset=0,
                timeout_seconds=5,
            )
            values = {D(value) for key, value in page.items[0].items() if key != "links"}
            assert len(values) == 1, (name, values)
            [found[name]] = values
        session = self.account.session()
        vendor = balances.values_of(session, session.load(records.type_of("vendor"), "501"))
        item = balances.values_of(session, session.load(records.type_of("inventoryItem"), "71"))
        assert (vendor["balance"], vendor["unbilledOrders"]) == (found["owed"], found["unbilled"])
        assert item["totalQuantityOnHand"] == found["onhand"]
        return found

    def teardown(self) -> None:
        self.account.close()

    def make(self, type_name: str, body: dict[str, object]) -> str | None:
        record_type = records.type_of(type_name)
        try:
            with self.account.writing() as session:
                change = records.reader(session).read(record_type, body)
                return records.create(session, record_type, change).id
        except NetSuiteError:
            return None

    def transform(self, source_type: str, source: str, target: str, body: dict[str, object], replace=()) -> str | None:
        try:
            with self.account.writing() as session:
                record = session.load(records.type_of(source_type), source)
                target_type = records.type_of(target)
                change = records.reader(session).read(target_type, body)
                return transforms.transform(session, record, target_type, change, frozenset(replace)).id
        except NetSuiteError:
            return None

    @rule(target=orders, quantity=QUANTITIES, rate=st.integers(1, 500).map(lambda cents: D(cents) / 100))
    def order(self, quantity, rate):
        line = {"item": "71", "quantity": quantity, "rate": rate}
        made = self.make("purchaseOrder", {"entity": "501", "tranDate": "2026-05-01", "item": {"items": [line]}})
        assert made is not None
        self.lines[made] = {"ordered": quantity, "received": D(0), "billed": D(0), "rate": rate}
        return made

    @rule(order=orders, quantity=QUANTITIES)
    def receive(self, order, quantity):
        line = self.lines[order]
        body = {"tranDate": "2026-05-02", "item": {"items": [{"orderLine": 1, "quantity": quantity}]}}
        made = self.transform("purchaseOrder", order, "itemReceipt", body)
        assert (made is not None) == (quantity <= line["ordered"] - line["received"])
        if made is not None:
            line["received"] += quantity
            self.receipts[made] = (order, quantity)

    @rule(order=orders, more=st.sampled_from([D(0), D(1), D("0.01")]))
    def receive_what_is_left_or_just_more(self, order, more):
        line = self.lines[order]
        quantity = line["ordered"] - line["received"] + more
        body = {"tranDate": "2026-05-02", "item": {"items": [{"orderLine": 1, "quantity": quantity}]}}
        made = self.transform("purchaseOrder", order, "itemReceipt", body)
        assert (made is not None) == (more == 0 and quantity > 0)
        if made is not None:
            line["received"] += quantity
            self.receipts[made] = (order, quantity)

    @rule(bill=bills, more=st.sampled_from([D(0), D("0.01")]))
    def pay_what_is_open_or_a_cent_more(self, bill, more):
        if bill not in self.totals:
            return
        amount = self.open_amount(bill) + more
        body = {"tranDate": "2026-05-04", "apply": {"items": [{"doc": bill, "apply": True, "amount": amount}]}}
        made = self.transform("vendorBill", bill, "vendorPayment", body)
        assert (made is not None) == (more == 0 and amount > 0 and bill not in self.rejected)
        if made is not None:
            self.applied[bill] += amount
            self.payments[made] = (bill, amount)

    @rule(target=bills, order=orders)
    def bill_what_was_received(self, order):
        line = self.lines[order]
        open_quantity = line["received"] - line["billed"]
        made = self.transform("purchaseOrder", order, "vendorBill", {"tranDate": "2026-05-03", "tranId": "B"})
        assert (made is not None) == (open_quantity > 0)
        return self.billed(order, made, open_quantity)

    @rule(target=bills, order=orders, quantity=QUANTITIES)
    def bill_by_reference(self, order, quantity):
        row = {"item": "71", "quantity": quantity, "rate": self.lines[order]["rate"], "orderDoc": order, "orderLine": 1}
        made = self.make("vendorBill", {"entity": "501", "tranDate": "2026-05-03", "item": {"items": [row]}})
        assert made is not None
        return self.billed(order, made, quantity)

    def billed(self, order, made, quantity):
        if made is None:
            return "none"
        line = self.lines[order]
        line["billed"] += quantity
        self.taken[made] = (order, quantity)
        self.totals[made] = (quantity * line["rate"]).quantize(D("0.01"))
        self.applied[made] = D(0)
        return made

    def open_amount(self, bill):
        return self.totals[bill] - self.applied[bill]

    @rule(bill=bills, cents=st.integers(1, 900))
    def pay(self, bill, cents):
        if bill not in self.totals:
            return
        amount = D(cents) / 100
        body = {"tranDate": "2026-05-04", "apply": {"items": [{"doc": bill, "apply": True, "amount": amount}]}}
        made = self.transform("vendorBill", bill, "vendorPayment", body)
        may = 0 < amount <= self.open_amount(bill) and bill not in self.rejected
        assert (made is not None) == may
        if made is not None:
            self.applied[bill] += amount
            self.payments[made] = (bill, amount)

    @rule(bill=bills, cents=st.integers(1, 900))
    def credit(self, bill, cents):
        if bill not in self.totals:
            return
        amount = D(cents) / 100
        body = {
            "entity": "501",
            "tranDate": "2026-05-04",
            "expense": {"items": [{"account": "122", "amount": amount}]},
            "apply": {"items": [{"doc": bill, "apply": True, "amount": amount}]},
        }
        made = self.make("vendorCredit", body)
        may = amount <= self.open_amount(bill) and bill not in self.rejected
        assert (made is not None) == may
        if made is not None:
            self.applied[bill] += amount

    @precondition(lambda self: self.payments)
    @rule(data=st.data(), is_void=st.booleans())
    def take_payment_back(self, data, is_void):
        payment = data.draw(st.sampled_from(sorted(self.payments)))
        bill, amount = self.payments.pop(payment)
        with self.account.writing() as session:
            record = session.load(records.type_of("vendorPayment"), payment)
            if is_void:
                actions.run(session, record, "void")
            else:
                records.delete(session, record)
        self.applied[bill] -= amount

    @precondition(lambda self: self.taken)
    @rule(data=st.data())
    def delete_bill(self, data):
        bill = data.draw(st.sampled_from(sorted(self.taken)))
        try:
            with self.account.writing() as session:
                records.delete(session, session.load(records.type_of("vendorBill"), bill))
        except NetSuiteError:
            assert self.applied[bill] > 0
            return
        assert self.applied[bill] == 0
        order, quantity = self.taken.pop(bill)
        if bill not in self.rejected:
            self.lines[order]["billed"] -= quantity
        self.rejected.discard(bill)
        del self.totals[bill], self.applied[bill]

    @precondition(lambda self: self.taken)
    @rule(data=st.data())
    def reject_bill(self, data):
        bill = data.draw(st.sampled_from(sorted(self.taken)))
        try:
            with self.account.writing() as session:
                record = session.load(records.type_of("vendorBill"), bill)
                records.update(session, record, Change({"approvalStatus": "3"}))
        except NetSuiteError:
            assert self.applied[bill] > 0
            return
        if bill not in self.rejected:
            self.rejected.add(bill)
            order, quantity = self.taken[bill]
            self.lines[order]["billed"] -= quantity

    @precondition(lambda self: self.receipts)
    @rule(data=st.data())
    def delete_receipt(self, data):
        receipt = data.draw(st.sampled_from(sorted(self.receipts)))
        order, quantity = self.receipts[receipt]
        line = self.lines[order]
        try:
            with self.account.writing() as session:
                records.delete(session, session.load(records.type_of("itemReceipt"), receipt))
        except NetSuiteError:
            assert line["received"] - quantity < line["billed"]
            return
        assert line["received"] - quantity >= line["billed"]
        line["received"] -= quantity
        del self.receipts[receipt]

    @rule(target=returns, order=orders, quantity=QUANTITIES)
    def send_back(self, order, quantity):
        line = self.lines[order]
        left = line["received"] - sum((self.back[each]["ordered"] for each in self.source_of(order)), D(0))
        body = {"tranDate": "2026-05-05", "item": {"items": [{"orderLine": 1, "quantity": quantity}]}}
        made = self.transform("purchaseOrder", order, "vendorReturnAuthorization", body)
        assert (made is not None) == (left > 0)
        if made is None:
            return "none"
        self.back[made] = {"ordered": quantity, "received": D(0), "billed": D(0), "rate": line["rate"]}
        self.source[made] = order
        return made

    def source_of(self, order):
        return [back for back, source in self.source.items() if source == order]

    @rule(back=returns, quantity=QUANTITIES)
    def ship_back(self, back, quantity):
        if back not in self.back:
            return
        line = self.back[back]
        body = {"tranDate": "2026-05-06", "item": {"items": [{"orderLine": 1, "quantity": quantity}]}}
        made = self.transform("vendorReturnAuthorization", back, "itemFulfillment", body)
        assert (made is not None) == (quantity <= line["ordered"] - line["received"])
        if made is not None:
            line["received"] += quantity
            self.shipments[made] = (back, quantity)

    @rule(back=returns)
    def credit_what_was_shipped(self, back):
        if back not in self.back:
            return
        line = self.back[back]
        quantity = line["received"] - line["billed"]
        made = self.transform("vendorReturnAuthorization", back, "vendorCredit", {"tranDate": "2026-05-07"})
        assert (made is not None) == (quantity > 0)
        if made is not None:
            line["billed"] += quantity
            self.credited += (quantity * line["rate"]).quantize(CENT)

    @precondition(lambda self: self.shipments)
    @rule(data=st.data())
    def delete_shipment(self, data):
        shipment = data.draw(st.sampled_from(sorted(self.shipments)))
        back, quantity = self.shipments[shipment]
        line = self.back[back]
        try:
            with self.account.writing() as session:
                records.delete(session, session.load(records.type_of("itemFulfillment"), shipment))
        except NetSuiteError:
            assert line["received"] - quantity < line["billed"]
            return
        assert line["received"] - quantity >= line["billed"]
        line["received"] -= quantity
        del self.shipments[shipment]

    def state(self, line):
        if line["billed"] >= line["ordered"]:
            return "G"
        if line["received"] >= line["ordered"]:
            return "F"
        if line["received"] == 0:
            return "B"
        return "E" if line["received"] > line["billed"] else "D"

    @invariant()
    def quantities_and_states_agree(self):
        session = self.account.session()
        for order, line in self.lines.items():
            record = session.load(records.type_of("purchaseOrder"), order)
            [held] = record.sublist("item")
            assert (held["quantityReceived"], held["quantityBilled"]) == (line["received"], line["billed"])
            assert record.get("orderStatus") == self.state(line)
            row = self.account.store.writer.execute(
                'SELECT t.status, l.quantityshiprecv, l.quantitybilled FROM "transaction" t '
                'JOIN transactionline l ON l."transaction" = t.id AND l.id = 1 WHERE t.id = ?',
                (int(order),),
            ).fetchone()
            assert row == (self.state(line), float(line["received"]), float(line["billed"]))

    @invariant()
    def returns_agree(self):
        session = self.account.session()
        for back, line in self.back.items():
            record = session.load(records.type_of("vendorReturnAuthorization"), back)
            [held] = record.sublist("item")
            assert (held["quantityReceived"], held["quantityBilled"]) == (line["received"], line["billed"])
            assert record.get("orderStatus") == self.state(line)

    @invariant()
    def balances_agree(self):
        session = self.account.session()
        for bill, total in self.totals.items():
            record = session.load(records.type_of("vendorBill"), bill)
            assert record.number("balance") == total - self.applied[bill]
            paid = total > 0 and total == self.applied[bill]
            assert record.get("status") == ("E" if bill in self.rejected else "B" if paid else "A")

    @invariant()
    def what_is_owed_ordered_and_on_hand_agrees(self):
        owed = sum((self.open_amount(bill) for bill in self.totals if bill not in self.rejected), D(0))
        lines = self.lines.values()
        left = [max(line["ordered"] - line["billed"], D(0)) for line in lines]
        shares = zip(lines, left, strict=True)
        unbilled = [((line["ordered"] * line["rate"]).quantize(CENT) * rest / line["ordered"]) for line, rest in shares]
        wanted = {
            "owed": owed - self.credited,
            "unbilled": sum((each.quantize(CENT, ROUND_HALF_UP) for each in unbilled), D(0)),
            "onhand": sum((line["received"] for line in lines), D(0))
            - sum((line["received"] for line in self.back.values()), D(0)),
            "onorder": sum((line["ordered"] - line["received"] for line in lines if self.state(line) != "G"), D(0)),
        }
        now = self.sums()
        assert {name: now[name] - self.first[name] for name in now} == wanted

    @invariant()
    def accounts_hold_what_the_trial_balance_says(self):
        rows = self.account.store.writer.execute("SELECT id, amount FROM _balance WHERE kind = 'account'").fetchall()
        held = {str(key): D(repr(amount)) for key, amount in rows if amount}
        said = {row["account"]: D(row["balance"]) for row in ledger.trial_balance(self.account.session())["accounts"]}
        assert held == {key: amount for key, amount in said.items() if amount}

    @invariant()
    def the_books_balance(self):
        rows = self.account.store.writer.execute(
            'SELECT "transaction", ROUND(SUM(amount), 2) FROM transactionaccountingline GROUP BY "transaction"'
        )
        assert all(total == 0 for _, total in rows)
        assert ledger.trial_balance(self.account.session())["balanced"]


Books.TestCase.settings = settings(
    max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestBooks = Books.TestCase
