"""What accounts hold, what vendors are owed, what is in stock: kept by whatever is posted, received or taken back."""

from __future__ import annotations

from decimal import Decimal

import pytest

from erp_emulator import ledger, seed
from erp_emulator.account import Account
from tests.emulator.client import expense, item

D = Decimal


def vendor(client, key="501"):
    [row] = client.query(f"SELECT balance, balanceprimary, unbilledorders FROM vendor WHERE id = {key}")
    shown = client.get(f"/record/v1/vendor/{key}")
    names = {"balance": "balance", "balancePrimary": "balanceprimary", "unbilledOrders": "unbilledorders"}
    for field, column in names.items():
        assert D(str(shown[field])) == D(row[column])
    return {name: D(row[name]) for name in names.values()}


def test_a_vendor_is_owed_what_posted_bills_leave_open(client):
    before = vendor(client)["balance"]

    pending = client.expense_bill(100, approvalStatus="1")
    assert vendor(client)["balance"] == before
    client.make(f"/record/v1/vendorBill/{pending}", {"approvalStatus": "2"}, "PATCH")
    assert vendor(client)["balance"] == before + 100

    line = {"doc": pending, "apply": True, "amount": 30}
    pay = f"/record/v1/vendorBill/{pending}/!transform/vendorPayment"
    payment = client.make(pay, {"tranDate": "2026-05-07", "apply": {"items": [line]}})
    assert vendor(client)["balance"] == before + 70
    client.call("POST", f"/record/v1/vendorPayment/{payment}/@void")
    assert vendor(client)["balance"] == before + 100
    assert vendor(client)["balanceprimary"] == before + 100


def test_an_unapplied_credit_lowers_what_a_vendor_is_owed(client):
    before = vendor(client)["balance"]

    client.make(
        "/record/v1/vendorCredit", {"entity": "501", "tranDate": "2026-05-07", "expense": {"items": [expense(25)]}}
    )

    assert vendor(client)["balance"] == before - 25


def test_approved_orders_are_unbilled_until_they_are_billed_or_closed(client):
    before = vendor(client)["unbilledorders"]

    order = client.order(item(quantity=10, rate=10))
    assert vendor(client)["unbilledorders"] == before + 100
    client.receive(order, {1: 4})
    client.bill(order)
    assert vendor(client)["unbilledorders"] == before + 60
    client.make(f"/record/v1/purchaseOrder/{order}", {"item": {"items": [{"line": 1, "isClosed": True}]}}, "PATCH")
    assert vendor(client)["unbilledorders"] == before


def stock(client, key="71"):
    [row] = client.query(f"SELECT totalquantityonhand FROM item WHERE id = {key}")
    shown = client.get(f"/record/v1/inventoryItem/{key}")
    assert D(str(shown["totalQuantityOnHand"])) == D(row["totalquantityonhand"])
    return D(row["totalquantityonhand"])


def test_goods_are_in_stock_when_received_and_gone_when_sent_back(client):
    before = stock(client)
    [there] = client.query("SELECT quantityonhand n FROM aggregateitemlocation WHERE item = 71 AND location = 2")

    order = client.order(item(quantity=10), location="2")
    receipt = client.receive(order, {1: 6})
    assert stock(client) == before + 6
    [row] = client.query("SELECT quantityonhand n FROM inventoryitemlocations WHERE item = 71 AND location = 2")
    assert D(row["n"]) == D(there["n"]) + 6

    back = client.make(f"/record/v1/purchaseOrder/{order}/!transform/vendorReturnAuthorization", {})
    client.make(f"/record/v1/vendorReturnAuthorization/{back}/!transform/itemFulfillment", {"tranDate": "2026-05-06"})
    assert stock(client) == before
    assert client.call("DELETE", f"/record/v1/itemReceipt/{receipt}").status_code == 204
    assert stock(client) == before - 6


def test_stock_counts_in_base_units(client):
    before = stock(client, "75")

    order = client.order(item("75", quantity=2, rate=5, units="Hundred"), entity="502")
    client.receive(order)

    assert stock(client, "75") == before + 200


def test_goods_on_order_are_those_of_approved_open_lines(client):
    def on_order() -> Decimal:
        [row] = client.query("SELECT SUM(quantityonorder) n FROM aggregateitemlocation WHERE item = 71")
        return D(row["n"])

    before = on_order()
    order = client.order(item(quantity=10), approvalStatus="1")
    assert on_order() == before
    client.make(f"/record/v1/purchaseOrder/{order}", {"approvalStatus": "2"}, "PATCH")
    assert on_order() == before + 10
    client.receive(order, {1: 4})
    assert on_order() == before + 6


def test_the_average_cost_is_that_of_what_came_in(client):
    made = {"itemId": "NEW", "assetAccount": "105", "cost": 1}
    key = client.make("/record/v1/inventoryItem", made)
    client.receive(client.order(item(key, quantity=10, rate=10)))
    client.receive(client.order(item(key, quantity=30, rate=12)))

    assert client.get(f"/record/v1/inventoryItem/{key}")["averageCost"] == 11.5


def test_accounts_hold_what_the_trial_balance_says_each_on_its_own_side(client):
    client.expense_bill(100)
    said = {row["account"]: D(row["balance"]) for row in client.control("trial-balance", method="GET")["accounts"]}

    rows = client.query("SELECT a.id, a.balance, t.debit FROM account a JOIN accounttype t ON t.id = a.accttype")

    for row in rows:
        sign = 1 if row["debit"] == "T" else -1
        assert D(row["balance"]) == sign * said.get(row["id"], D(0)), row
    assert client.get("/record/v1/account/111")["balance"] == float(-said["111"])


def test_vendors_are_owed_what_the_payables_accounts_hold(client):
    [owed] = client.query("SELECT SUM(balanceprimary) n FROM vendor")
    [held] = client.query("SELECT SUM(balance) n FROM account WHERE accttype = 'AcctPay'")

    assert owed == held


def test_lists_are_filtered_by_balances(client):
    [row] = client.query("SELECT COUNT(*) n FROM vendor WHERE balance > 1000")

    found = client.get("/record/v1/vendor", params={"q": "balance GREATER 1000"})

    assert found["totalResults"] == int(row["n"]) > 0


def test_what_a_payment_takes_off_the_payables_is_a_line(client):
    bill = client.expense_bill(100)
    payment = client.make(f"/record/v1/vendorBill/{bill}/!transform/vendorPayment", {"tranDate": "2026-05-07"})

    rows = client.query(
        "SELECT l.id, l.mainline, l.netamount, a.account FROM transactionaccountingline a JOIN transactionline l "
        f"ON l.transaction = a.transaction AND l.id = a.transactionline WHERE a.transaction = {payment} ORDER BY l.id"
    )

    assert [(row["mainline"], row["netamount"], row["account"]) for row in rows] == [
        ("T", "-100", "101"),
        ("F", "100", "111"),
    ]


def test_a_database_of_an_earlier_version_gets_its_balances(tmp_path):
    path = tmp_path / "old.sqlite"
    account = Account(path=path)
    seed.reset(account)
    held = "SELECT * FROM _balance WHERE amount <> 0"
    wanted = account.store.writer.execute(held).fetchall()
    triggers = account.store.writer.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in triggers:
        account.store.writer.execute(f"DROP TRIGGER {name}")
    for view in ("inventoryitemlocations", "aggregateitemlocation"):
        account.store.writer.execute(f"DROP VIEW {view}")
        account.store.writer.execute(f"CREATE TABLE {view} (item INTEGER)")
    account.store.writer.execute("DROP TABLE _balance")
    account.store.set_meta("version", "3")
    account.close()

    opened = Account(path=path)

    assert wanted
    assert opened.store.writer.execute(held).fetchall() == wanted
    assert ledger.trial_balance(opened.session())["balanced"]
    assert not opened.store.is_old
    opened.close()


DAY = {"tranDate": "2026-05-06"}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (
            "journalEntry",
            {"line": {"items": [{"account": "120", "debit": 30.01}, {"account": "101", "credit": 30.01}]}},
        ),
        ("deposit", {"account": "101", "other": {"items": [{"account": "118", "amount": 12.34}]}}),
        ("check", {"entity": "501", "account": "101", "expense": {"items": [expense(9.99)]}}),
        ("vendorPrepayment", {"entity": "501", "account": "101", "payment": 55}),
        (
            "expenseReport",
            {
                "entity": "25",
                "accountingapproval": True,
                "expense": {"items": [{"expenseaccount": "125", "amount": 40}, {"expenseaccount": "120", "amount": 2}]},
            },
        ),
        ("vendorCredit", {"entity": "501", "expense": {"items": [expense(7.77, taxCode="1")]}}),
        ("vendorBill", {"entity": "501", "item": {"items": [item(quantity=3, rate=3.333)]}, "exchangeRate": 1.2345}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_kind_of_posting_balances_and_leaves_nothing_when_deleted(client, kind, body):
    before = client.control("trial-balance", method="GET")
    key = client.make(f"/record/v1/{kind}", {**DAY, **body})

    [row] = client.query(
        f"SELECT COUNT(*) n, ROUND(SUM(amount), 2) s FROM transactionaccountingline WHERE transaction = {key}"
    )
    assert int(row["n"]) >= 2
    assert row["s"] == "0"
    assert client.control("trial-balance", method="GET")["balanced"]
    assert client.call("DELETE", f"/record/v1/{kind}/{key}").status_code == 204
    assert client.control("trial-balance", method="GET") == before


@pytest.mark.parametrize("kind", ["vendorPayment", "vendorCredit", "vendorBill", "journalEntry", "check"])
def test_a_voided_transaction_is_out_of_the_books(client, kind):
    before = client.control("trial-balance", method="GET")
    if kind == "vendorPayment":
        bill = client.expense_bill(10)
        before = client.control("trial-balance", method="GET")
        key = client.make(f"/record/v1/vendorBill/{bill}/!transform/vendorPayment", DAY)
    elif kind == "journalEntry":
        lines = [{"account": "120", "debit": 3}, {"account": "101", "credit": 3}]
        key = client.make("/record/v1/journalEntry", {**DAY, "line": {"items": lines}})
    else:
        header = {"entity": "501", **DAY, **({"account": "101"} if kind == "check" else {})}
        key = client.make(f"/record/v1/{kind}", {**header, "expense": {"items": [expense(10)]}})
    assert client.control("trial-balance", method="GET") != before

    assert client.call("POST", f"/record/v1/{kind}/{key}/@void").json()["result"] is True

    assert client.control("trial-balance", method="GET") == before
    assert client.get(f"/record/v1/{kind}/{key}")["status"]["refName"] in ("Voided", "Cancelled")
    client.refused("POST", f"/record/v1/{kind}/{key}/@void")


def test_one_payment_of_several_bills_in_part_leaves_each_what_is_its_own(client):
    bills = [client.expense_bill(amount, tranId=f"M{amount}") for amount in (100, 60, 40)]
    before = vendor(client)["balance"]
    applied = [{"doc": key, "apply": True, "amount": paid} for key, paid in zip(bills, (30, 60, 0.01), strict=True)]

    payment = client.make("/record/v1/vendorPayment", {"entity": "501", **DAY, "apply": {"items": applied}})

    left = [client.get(f"/record/v1/vendorBill/{key}?fields=balance,status") for key in bills]
    assert [row.get("balance", 0) for row in left] == [70, 0, 39.99]
    assert [row["status"]["refName"] for row in left] == ["Open", "Paid In Full", "Open"]
    assert vendor(client)["balance"] == before - D("90.01")
    client.call("DELETE", f"/record/v1/vendorPayment/{payment}")
    assert vendor(client)["balance"] == before
