"""Exchange rates by day, and amounts in other currencies.

The small seed: USD is the base; GBP stands at 1.27 and EUR at 1.08 from 2025-01-02 on. Subsidiary 1 keeps its books in
USD, 2 in GBP, 3 in EUR.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

D = Decimal
MAY = "(SELECT id FROM accountingperiod WHERE periodname = 'May 2026')"


def one(client, expression, source="dual", where="1 = 1"):
    [row] = client.query(f"SELECT {expression} AS n FROM {source} WHERE {where}")
    return row["n"]


def put(client, currency, rate, day):
    client.control("rates", {"currency": currency, "rate": rate, "date": day})


@pytest.fixture
def british_bill(client):
    """A bill of GBP 100 in the books of the British subsidiary, on 6 May 2026."""
    body = {"companyName": "Rates Ltd", "subsidiary": "2", "currency": "2"}
    vendor = client.make("/record/v1/vendor", body)
    return client.expense_bill(100, entity=vendor)


def test_a_rate_holds_from_its_day_on(client, british_bill):
    put(client, "GBP", "1.30", "2026-04-01")
    put(client, "GBP", "1.40", "2026-06-01")

    wanted = {"2026-03-31": "127", "2026-04-01": "130", "2026-05-31": "130", "2026-06-01": "140", "2020-01-01": "127"}
    for day, amount in wanted.items():
        text = f"ROUND(BUILTIN.CURRENCY_CONVERT(t.foreigntotal * -1, 1, TO_DATE('{day}', 'YYYY-MM-DD')), 2)"
        assert one(client, text, "transaction t", f"t.id = {british_bill}") == amount, day


def test_a_document_takes_the_rate_of_its_date(client):
    put(client, "GBP", "1.30", "2026-05-05")
    vendor = client.make("/record/v1/vendor", {"companyName": "Mixed", "subsidiary": "1", "currency": "2"})

    for day, rate in (("2026-05-04", 1.27), ("2026-05-05", 1.3)):
        bill = client.expense_bill(100, entity=vendor, tranDate=day)
        shown = client.get(f"/record/v1/vendorBill/{bill}?fields=exchangeRate")
        assert shown["exchangeRate"] == rate
        assert one(client, "debit", "transactionaccountingline", f"transaction = {bill} AND debit > 0") == str(
            int(100 * D(str(rate)))
        )


def test_a_changed_currency_has_another_rate_from_today_on(client):
    client.control("clock", {"freeze": "2026-05-20T10:00:00Z"})

    client.make("/record/v1/currency/2", {"exchangeRate": 1.5}, "PATCH")

    rows = client.query(
        "SELECT exchangerate, effectivedate FROM currencyrate WHERE transactioncurrency = 2 ORDER BY id"
    )
    assert [(row["exchangerate"], row["effectivedate"]) for row in rows] == [("1.27", "1/2/2025"), ("1.5", "5/20/2026")]


def test_amounts_are_converted_by_default_into_the_subsidiarys_currency_at_todays_rate(client, british_bill):
    client.control("clock", {"freeze": "2026-05-20T10:00:00Z"})
    put(client, "EUR", "1.20", "2026-05-20")
    where = f"t.id = {british_bill}"

    assert one(client, "BUILTIN.CURRENCY_CONVERT(t.foreigntotal)", "transaction t", where) == "-100"
    assert one(client, "ROUND(BUILTIN.CURRENCY_CONVERT(t.foreigntotal, 3), 4)", "transaction t", where) == "-105.8333"
    assert one(client, "BUILTIN.CURRENCY(BUILTIN.CURRENCY_CONVERT(t.foreigntotal, 3))", "transaction t", where) == "EUR"
    assert one(client, "BUILTIN.CURRENCY(t.foreigntotal)", "transaction t", where) == "GBP"


@pytest.mark.parametrize(
    ("kind", "account_type", "amount"),
    [
        ("CURRENT", "AcctPay", "-140"),
        ("HISTORICAL", "AcctPay", "-127"),
        ("AVERAGE", "AcctPay", "-133.5"),
        ("DEFAULT", "AcctPay", "-140"),
        ("DEFAULT", "Expense", "133.5"),
    ],
)
def test_books_are_consolidated_by_the_periods_rates(client, british_bill, kind, account_type, amount):
    put(client, "GBP", "1.40", "2026-05-15")
    text = f"ROUND(TO_NUMBER(BUILTIN.CONSOLIDATE(tal.amount, 'LEDGER', 'DEFAULT', '{kind}', 1, {MAY}, 'DEFAULT')), 2)"

    where = f"tal.transaction = {british_bill} AND tal.accounttype = '{account_type}'"

    assert one(client, text, "transactionaccountingline tal", where) == amount


def test_a_period_may_be_that_of_each_row_and_a_sum_be_consolidated(client, british_bill):
    text = "SUM(BUILTIN.CONSOLIDATE(tal.amount, 'LEDGER', 'DEFAULT', 'DEFAULT', 1, t.postingperiod, 'DEFAULT'))"
    source = "transactionaccountingline tal JOIN transaction t ON t.id = tal.transaction"

    where = f"t.id = {british_bill} AND tal.amount > 0"

    assert one(client, text, source, where) == "127"
    assert one(client, text.replace("1, t.posting", "2, t.posting"), source, where) == "100"
    assert one(client, f"BUILTIN.CURRENCY({text})", source, where) == "USD"


def test_consolidated_rates_are_those_of_a_child_in_its_parents_currency(client):
    put(client, "GBP", "1.40", "2026-05-15")

    rows = client.query(
        "SELECT fromsubsidiary, tosubsidiary, currentrate, averagerate, historicalrate FROM consolidatedexchangerate "
        f"WHERE postingperiod = {MAY} ORDER BY fromsubsidiary"
    )

    assert [tuple(row.values()) for row in rows] == [
        ("2", "1", "1.4", "1.335", "1.27"),
        ("3", "1", "1.08", "1.08", "1.08"),
    ]


def test_the_trial_balance_consolidates_to_nothing(client, british_bill):
    put(client, "GBP", "1.40", "2026-05-15")
    text = f"ROUND(SUM(BUILTIN.CONSOLIDATE(amount, 'LEDGER', 'DEFAULT', 'CURRENT', 1, {MAY}, 'DEFAULT')), 2)"

    assert one(client, text, "transactionaccountingline") == "0"


@pytest.mark.parametrize(
    "text",
    [
        "BUILTIN.CONSOLIDATE(total)",
        "BUILTIN.CONSOLIDATE(total, 'SIDEWAYS', 'DEFAULT', 'DEFAULT', 1, 1, 'DEFAULT')",
        "BUILTIN.CONSOLIDATE(total, 'LEDGER', 'DEFAULT', 'WRONG', 1, 1, 'DEFAULT')",
        "BUILTIN.CONSOLIDATE(total, 'LEDGER', 'DEFAULT', 'DEFAULT', 'x', 1, 'DEFAULT')",
        "BUILTIN.CURRENCY_CONVERT(total, 1, 2, 3)",
        "BUILTIN.CURRENCY_CONVERT(total, 'USD')",
        "BUILTIN.NAMED_GROUP('employee', 'others')",
        "BUILTIN.PERIOD('NEVER', 'START', 'ALL', 'BETWEEN')",
        "BUILTIN.RELATIVE_RANGES('NEVER', 'START')",
        "BUILTIN.UNKNOWN(total)",
    ],
)
def test_arguments_that_make_no_sense_are_refused(client, text):
    assert "Invalid or unsupported search" in client.query_refused(f"SELECT {text} n FROM transaction")


@pytest.mark.parametrize(
    "body",
    [
        {"currency": "XXX", "rate": "1", "date": "2026-01-01"},
        {"currency": "GBP", "rate": "-1", "date": "2026-01-01"},
        {"currency": "GBP", "rate": "0", "date": "2026-01-01"},
        {"currency": "GBP", "rate": "much", "date": "2026-01-01"},
        {"currency": "GBP", "rate": "1", "date": "tomorrow"},
        {"currency": "GBP", "rate": "1"},
    ],
)
def test_a_rate_that_makes_no_sense_is_refused(client, body):
    reply = client.session.post(f"{client.emulator.url}/_emulator/rates", json=body, timeout=10)

    assert (reply.status_code, set(reply.json())) == (400, {"error"})


def test_who_asks_is_a_named_group(client):
    assert one(client, "BUILTIN.NAMED_GROUP('employee', 'me')") == "-5"


def test_results_may_be_wrapped_in_their_types(client):
    assert one(client, "BUILTIN_RESULT.TYPE_STRING(entityid)", "vendor", "id = 501") == "V501"


def test_periods_of_a_range_stand_in_a_list(client):
    client.control("clock", {"freeze": "2026-05-20T10:00:00Z"})

    def periods(arguments):
        rows = client.query(
            f"SELECT periodname FROM accountingperiod WHERE id IN (BUILTIN.PERIOD({arguments})) ORDER BY startdate"
        )
        return [row["periodname"] for row in rows]

    assert periods("'TM', 'START', 'ALL', 'BETWEEN'") == ["May 2026"]
    assert periods("'LFQ', 'START', 'ALL', 'BETWEEN'") == ["Jan 2026", "Feb 2026", "Mar 2026"]
    assert periods("'TM', 'END', 'NOT_LAST', '>'")[0] == "Jun 2026"
    assert periods("'LY', 'START', 'ALL', '<'")[-1] == "Dec 2024"


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("TODAY", "5/20/2026", "5/20/2026"),
        ("YESTERDAY", "5/19/2026", "5/19/2026"),
        ("TW", "5/17/2026", "5/23/2026"),
        ("LW", "5/10/2026", "5/16/2026"),
        ("TM", "5/1/2026", "5/31/2026"),
        ("LM", "4/1/2026", "4/30/2026"),
        ("TFQ", "4/1/2026", "6/30/2026"),
        ("LFQ", "1/1/2026", "3/31/2026"),
        ("TFY", "1/1/2026", "12/31/2026"),
        ("LFY", "1/1/2025", "12/31/2025"),
        ("LFYTD", "1/1/2025", "5/20/2025"),
        ("TMTD", "5/1/2026", "5/20/2026"),
        ("DAGO30", "4/20/2026", "5/20/2026"),
        ("MAGO2", "3/20/2026", "5/20/2026"),
        ("WFN1", "5/20/2026", "5/27/2026"),
    ],
)
def test_ranges_move_with_the_calendar(client, name, start, end):
    client.control("clock", {"freeze": "2026-05-20T10:00:00Z"})

    assert one(client, f"BUILTIN.RELATIVE_RANGES('{name}', 'START')") == start
    assert one(client, f"BUILTIN.RELATIVE_RANGES('{name}', 'END')") == end
