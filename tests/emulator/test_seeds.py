"""What an account begins with: seeds of one's own, the large one, and definitions that are its own."""

from __future__ import annotations

import pytest

from erp_emulator import customization, prepared, records, seed
from erp_emulator.account import Account
from erp_emulator.errors import NetSuiteError


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
