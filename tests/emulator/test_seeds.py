"""What an account begins with: seeds of one's own, the large one, and definitions that are its own."""

from __future__ import annotations

import pytest
import requests

from erp_emulator import customization, prepared, records, seed
from erp_emulator.account import Account
from erp_emulator.errors import NetSuiteError
from tests.emulator.test_durability import started


@pytest.fixture
def two_accounts():
    made = Account("ONE"), Account("TWO")
    yield made
    for each in made:
        each.close()


def rows(account: Account, text: str) -> list[dict[str, str]]:
    page = account.engine.run(
        text, [], account.query_account(), role="administrator", limit=1000, offset=0, timeout_seconds=5
    )
    return page.items


def test_each_account_has_its_own_custom_fields_and_records(two_accounts):
    one, two = two_accounts
    customization.define(
        one.store, {"scriptId": "custbody_own", "label": "Own", "type": "string", "recordTypes": ["vendorBill"]}
    )
    customization.define(one.store, {"scriptId": "customrecord_own", "fields": [{"scriptId": "custrecord_a"}]})

    assert "custbody_own" in one.store.catalog.type_of("vendorBill").fields
    assert "custbody_own" not in one.store.catalog.type_of("purchaseOrder").fields
    assert "custbody_own" not in two.store.catalog.type_of("vendorBill").fields
    assert "custbody_own" not in records.type_of("vendorBill").fields
    assert rows(one, "SELECT custbody_own FROM transaction") == []
    assert rows(one, "SELECT custrecord_a FROM customrecord_own") == []
    for text in ("SELECT custbody_own FROM transaction", "SELECT id FROM customrecord_own"):
        with pytest.raises(NetSuiteError):
            rows(two, text)
    with pytest.raises(NetSuiteError):
        records.type_of("customrecord_own", two.store.catalog)


def test_definitions_outlive_a_reset_and_are_listed(two_accounts):
    account, _ = two_accounts
    customization.define(account.store, {"scriptId": "custbody_own", "type": "string"})

    seed.reset(account, "small")

    assert rows(account, "SELECT scriptid FROM customfield WHERE scriptid = 'CUSTBODY_OWN'") != []


def test_a_restored_state_brings_its_own_definitions(two_accounts):
    account, _ = two_accounts
    before = account.store.dump()
    customization.define(account.store, {"scriptId": "custbody_own", "type": "string"})

    account.restore(before)

    assert "custbody_own" not in account.store.catalog.type_of("vendorBill").fields


@pytest.mark.slow
def test_the_large_seed_is_laid_once_and_copied_from_then_on(tmp_path):
    path = prepared.prepare(tmp_path)
    written = path.stat().st_mtime_ns
    account = Account()
    account.store.restore_from(path)

    assert prepared.prepare(tmp_path).stat().st_mtime_ns == written
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    [orders] = rows(account, "SELECT COUNT(*) n FROM transaction WHERE type = 'PurchOrd'")
    [lines] = rows(account, "SELECT COUNT(*) n FROM transactionline WHERE mainline = 'F'")
    assert int(orders["n"]) >= 10_000
    assert int(lines["n"]) >= 30_000
    account.close()


def test_how_many_rows_there_are_is_asked_anew_after_a_write(two_accounts):
    account, _ = two_accounts
    seed.reset(account, "small")

    def total() -> int:
        return account.engine.run(
            "SELECT id FROM vendor ORDER BY id",
            [],
            account.query_account(),
            role="administrator",
            limit=2,
            offset=0,
            timeout_seconds=5,
        ).total

    first = total()
    with account.writing() as session:
        record_type = records.type_of("vendor")
        records.create(session, record_type, records.reader(session).read(record_type, {"companyName": "One more"}))

    assert (total(), total()) == (first + 1, first + 1)


# Seeds from CSV.

COMPANY = {
    "currency.csv": "id,name,symbol,exchangeRate,isBaseCurrency\n1,USD,USD,1,true\n2,GBP,GBP,1.25,false\n",
    "currencyRates.csv": "currency,rate,date\nGBP,1.30,2026-05-01\n",
    "subsidiary.csv": "id,name,currency,country,mainAddress.city,mainAddress.zip\n1,Mine Inc,USD,US,Boston,02110\n",
    "account.csv": (
        "id,acctNumber,acctName,acctType,sSpecAcct,subsidiary\n"
        "101,1000,Bank,Bank,,1\n105,1300,Stock,OthCurrAsset,InvtAsset,1\n111,2000,Payables,AcctPay,AcctPay,1\n"
        '114,2060,Accrued,OthCurrLiab,RecvNotBill,1\n121,6100,"Freight, inland",Expense,DefaultExpense,1\n'
        "130,7900,Exchange,OthExpense,ExchangeGainLoss,1\n"
    ),
    "accountingPeriods.csv": "from,to,closedUntil\n2026-01,2026-12,2026-02\n",
    "vendor.csv": "id,entityId,companyName,currency,email\n501,V501,Acme Paper Ltd,USD,a@acme.example\n502,V502,Other,GBP,\n",
    "vendor.addressBook.csv": (
        "entityId,label,defaultBilling,addressBookAddress.addr1,addressBookAddress.city\nV501,Mill,yes,1 Mill Road,Leeds\n"
    ),
    "vendor.currencyList.csv": "entityId,currency\nV502,USD\nV502,GBP\n",
    "item.csv": "type,id,itemId,cost,assetAccount,isFulfillable\ninventoryItem,71,PAPER-A4,10,1300 Stock,true\n",
    "orders.csv": (
        "number,vendor,date,approval,closed,memo\nPO1,V501,2026-05-04,approved,,Q2\nPO2,501,2026-05-05,pending,,\n"
        "PO3,V501,2026-05-06,,true,\nPO4,V502,2026-05-06,,,\n"
    ),
    "orders.lines.csv": (
        "number,item,account,quantity,rate,amount,memo\nPO1,PAPER-A4,,100,9.5,,\nPO1,,6100,,,12.50,Freight\n"
        "PO2,PAPER-A4,,1,10,,\nPO3,PAPER-A4,,1,10,,\nPO4,PAPER-A4,,1,10,,\n"
    ),
    "receipts.csv": "number,order,date\nR1,PO1,2026-05-07\n",
    "receipts.lines.csv": "number,line,quantity\nR1,1,60\n",
    "bills.csv": "number,order,vendor,date\nINV-1,PO1,,2026-05-08\nINV-2,,V501,2026-05-08\n",
    "bills.lines.csv": "number,line,account,quantity,rate,amount\nINV-1,1,,60,9.75,\nINV-2,,6100,,,40\n",
    "credits.csv": "number,vendor,date,bill,amount\nCR-1,V501,2026-05-09,INV-2,5\n",
    "credits.lines.csv": "number,account,amount\nCR-1,6100,5\n",
    "payments.csv": "number,bill,date,amount\nPAY-1,INV-1,2026-05-10,100.00\n",
}


def laid(account, files):
    seed.reset(account, {"csv": files})
    return account


def test_a_seed_of_ones_own_may_be_csv_files(two_accounts):
    account = laid(two_accounts[0], COMPANY)

    orders = rows(
        account, "SELECT tranid, status, memo, foreigntotal n FROM transaction WHERE type = 'PurchOrd' ORDER BY id"
    )
    assert [(row["tranid"], row["status"], row["n"]) for row in orders] == [
        ("PO1", "D", "-962.5"),
        ("PO2", "A", "-10"),
        ("PO3", "H", "-10"),
        ("PO4", "B", "-10"),
    ]
    [line] = rows(
        account,
        "SELECT quantityshiprecv r, quantitybilled b FROM transactionline WHERE rate = 9.5 AND quantityshiprecv > 0",
    )
    assert (line["r"], line["b"]) == ("60", "60")
    [address] = rows(account, "SELECT city, addr1 FROM vendoraddressbookentityaddress")
    assert (address["city"], address["addr1"]) == ("Leeds", "1 Mill Road")
    bills = rows(
        account,
        "SELECT tranid, foreigntotal n, foreignamountunpaid u FROM transaction WHERE type = 'VendBill' ORDER BY id",
    )
    assert [(row["tranid"], row["n"], row["u"]) for row in bills] == [("INV-1", "-585", "485"), ("INV-2", "-40", "35")]
    [rate] = rows(account, "SELECT exchangerate n FROM transaction WHERE tranid = 'PO4'")
    assert rate["n"] == "1.3"
    [account_row] = rows(account, "SELECT acctname FROM account WHERE acctnumber = '6100'")
    assert account_row["acctname"] == "Freight, inland"
    [closed] = rows(account, "SELECT COUNT(*) n FROM accountingperiod WHERE closed = 'T'")
    assert closed["n"] == "2"


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("stock.csv", "id\n1\n", "stock.csv: no file of a seed"),
        ("vendor.csv", "", "vendor.csv, row 1: there is no header"),
        ("vendor.csv", "id,id\n1,2\n", "vendor.csv, row 1, column id: a column has one name of its own"),
        ("vendor.csv", "id,,name\n1,2,3\n", "vendor.csv, row 1, column (empty)"),
        ("vendor.csv", 'entityId\n"V1', "vendor.csv, row 2: unexpected end of data"),
        ("vendor.csv", "entityId\nV501,more\n", "vendor.csv, row 2: 2 cells for 1 columns"),
        ("vendor.csv", "entityId,shoe\nV501,9\n", "vendor.csv, row 2, column shoe: a vendor has no such field"),
        ("vendor.csv", "entityId,creditLimit\nV501,much\n", "vendor.csv, row 2, column creditLimit: much is no number"),
        ("vendor.csv", "entityId,isInactive\nV501,maybe\n", "column isInactive: maybe is neither true nor false"),
        ("vendor.csv", "entityId,currency\nV501,XXX\nV502,GBP\n", "vendor.csv, row 2, column currency"),
        ("vendor.addressBook.csv", "entityId,label\nV999,x\n", "vendor.addressBook.csv, row 2, column entityId: no row of vendor.csv has V999 there"),
        ("vendor.addressBook.csv", "town,label\nV501,x\n", "vendor.addressBook.csv, row 1, column town: the first column is one that vendor.csv has too"),
        ("vendor.addressBook.csv", "entityId,shoe\nV501,x\n", "vendor.addressBook.csv, row 2, column shoe: addressBook has no such field"),
        ("vendor.shoes.csv", "entityId,size\nV501,9\n", "vendor.shoes.csv: a vendor has no sublist shoes"),
        ("item.csv", "type,itemId\nshoe,X\n", "item.csv, row 2, column type: shoe is no kind of item"),
        ("orders.csv", "number,vendor,date\nPO1,V501,2026-13-01\n", "orders.csv, row 2, column date: 2026-13-01 is no date"),
        ("orders.csv", "number,vendor,date,approval\nPO1,V501,2026-05-04,perhaps\n", "orders.csv, row 2, column approval"),
        ("orders.csv", "number,vendor,date,shoe\nPO1,V501,2026-05-04,9\n", "orders.csv, row 2, column shoe: no column of orders"),
        ("orders.csv", "number,vendor,date\nPO1,Nobody,2026-05-04\nPO2,501,2026-05-04\nPO3,501,2026-05-04\nPO4,501,2026-05-04\n", "orders.csv, row 2, column vendor"),
        ("orders.csv", "number,vendor,date\nPO1,V501,2026-05-04\nPO1,V501,2026-05-04\n", "orders.lines.csv, row 2, column number: 2 rows of orders.csv has PO1 there"),
        ("orders.lines.csv", "number,item,quantity\nPO1,PAPER-A4,ten\n", "orders.lines.csv, row 2, column quantity: ten is no number"),
        ("orders.lines.csv", "number,item,quantity\nPO1,PAPER-A4,1\n\nPO1,SHOES,2\n", "orders.lines.csv, row 4, column item"),
        ("orders.lines.csv", "number,quantity\nPO1,2\n", "orders.lines.csv, row 2, column item: a line has an item, an account or a category"),
        ("orders.lines.csv", "number,item,account,amount\nPO1,PAPER-A4,,\nPO1,,9999,5\n", "orders.lines.csv, row 3, column account"),
        ("receipts.csv", "number,order,date\nR1,PO9,2026-05-07\n", "receipts.csv, row 2: there is no PurchOrd PO9"),
        ("receipts.lines.csv", "number,line,quantity\nR1,1,600\n", "receipts.lines.csv, row 2, column quantity"),
        ("receipts.lines.csv", "number,line,quantity\nR1,one,6\n", "receipts.lines.csv, row 2, column line: one is no line number"),
        ("receipts.lines.csv", "number,line,quantity\nR1,1,6\nR1,1,6\n", "receipts.lines.csv, row 3, column line: line 1 is there already"),
        ("payments.csv", "number,bill,date,amount\nPAY-1,INV-1,2026-05-10,9999\n", "payments.csv, row 2"),
        ("payments.csv", "bill,date\n,2026-05-10\n", "payments.csv, row 2: bill is missing"),
        ("accountingPeriods.csv", "from\n2026-01\n", "accountingPeriods.csv, row 2: to is missing"),
        ("currencyRates.csv", "currency,rate,date\nGBP,-1,2026-05-01\n", "currencyRates.csv, row 2: -1 is no rate"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_csv_file_is_told_with_its_row_and_column(two_accounts, file, text, said):
    account = two_accounts[0]
    with pytest.raises(seed.BadSeed) as refused:
        laid(account, {**COMPANY, file: text})

    assert said in str(refused.value)
    assert account.store.count("vendor") == 0


def test_a_folder_of_csv_files_is_a_seed_on_the_command_line(tmp_path):
    for name, text in COMPANY.items():
        (tmp_path / name).write_text(text, encoding="utf-8-sig" if name == "vendor.csv" else "utf-8")

    process, url, _ = started("--seed", str(tmp_path))
    try:
        text = requests.get(f"{url}/console/records/purchaseOrder", timeout=10).text
    finally:
        process.terminate()
        process.communicate(timeout=10)

    assert "PO1" in text


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"orderz": []}, "orderz: no key of a seed"),
        ({"orders": 5}, "orders: a list is wanted"),
        ({"orders": [5]}, "orders: each entry is an object"),
        ({"accountingPeriods": {"from": "2026-01"}}, "accountingPeriods: to is missing"),
        ({"csv": [], "orders": []}, "csv is an object"),
    ],
)
def test_a_seed_that_makes_no_sense_is_told_so(two_accounts, body, said):
    with pytest.raises(seed.BadSeed) as refused:
        seed.reset(two_accounts[0], body)

    assert said in str(refused.value)


def test_without_a_home_the_large_seed_can_still_be_laid(two_accounts, monkeypatch):
    """Nowhere to keep it: `prepare` says so, and `reset` lays it as any other seed."""
    laid_by_hand = []
    monkeypatch.setattr(prepared, "prepare", lambda: (_ for _ in ()).throw(PermissionError("read-only")))
    monkeypatch.setattr(seed, "lay_large", laid_by_hand.append)

    seed.reset(two_accounts[0], "large")

    assert laid_by_hand == [two_accounts[0]]


def test_the_large_seed_keeps_what_an_account_has_set(two_accounts, tmp_path, monkeypatch):
    """A copy brings the data; definitions and webhooks are the account's own."""
    small = Account()
    seed.reset(small, "small")
    small.store.save_to(tmp_path / "prepared.sqlite")
    small.close()
    monkeypatch.setattr(prepared, "prepare", lambda: tmp_path / "prepared.sqlite")
    account = two_accounts[0]
    account.store.set_meta("webhooks", "[]")

    seed.reset(account, "large")

    assert account.store.meta("webhooks") == "[]"
    assert rows(account, "SELECT id FROM vendor WHERE id = 501") != []


def test_a_reset_lays_the_seed_as_the_account_will_be_set(emulator, client):
    client.control("preferences", {"CUSTOMAPPROVALPURCHORD": True, "TIMEZONE": "Asia/Tokyo"})

    client.control("reset", {"seed": "small"})

    fresh = client.query(
        "SELECT status, COUNT(*) n FROM transaction WHERE type = 'PurchOrd' GROUP BY status ORDER BY 1"
    )
    client.control("reset", {"seed": "small"})
    assert fresh == client.query(
        "SELECT status, COUNT(*) n FROM transaction WHERE type = 'PurchOrd' GROUP BY status ORDER BY 1"
    )
    [row] = client.query(
        "SELECT TO_CHAR(createddate, 'HH24:MI') AS at FROM transaction ORDER BY id FETCH FIRST 1 ROWS ONLY"
    )
    assert row["at"] == "12:00"


def test_a_reset_that_is_refused_changes_nothing(emulator, client):
    client.control("preferences", {"OVERRECEIPTS": True})
    before = client.get("/record/v1/purchaseOrder")["totalResults"]

    reply = client.session.post(
        f"{emulator.url}/_emulator/reset", json={"seed": {"orders": [{"number": "X"}]}}, timeout=10
    )

    assert (reply.status_code, reply.json()) == (400, {"error": "orders[0]: date is missing"})
    assert client.get("/record/v1/purchaseOrder")["totalResults"] == before
    assert client.control("preferences", method="GET")["preferences"]["OVERRECEIPTS"] is True
