"""SuiteQL: what it answers and in which form, the dialect clients really send, its refusals, and its fences."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from erp_emulator.account import Account
from erp_emulator.catalog import Catalog
from erp_emulator.errors import NetSuiteError
from erp_emulator.suiteql import dates
from erp_emulator.suiteql.run import authoriser
from tests.emulator.client import item

PREFIX = "Invalid search query. Detailed unprocessed description follows. "


def test_rows_are_text_with_lower_case_keys_and_without_what_is_empty(client):
    reply = client.ask(
        "SELECT id AS InternalId, tranId, foreignTotal, memo, "
        "posting, tranDate FROM transaction WHERE tranid = 'PO10002'"
    )

    [row] = reply.json()["items"]
    assert row == {
        "links": [],
        "internalid": row["internalid"],
        "tranid": "PO10002",
        "foreigntotal": "-1224",
        "posting": "F",
        "trandate": "1/20/2026",
    }


def test_pages_go_by_links_and_count_all(client):
    reply = client.ask("SELECT id FROM transaction ORDER BY id", limit=2).json()

    assert (reply["count"], reply["hasMore"], reply["offset"]) == (2, True, 0)
    assert [link["rel"] for link in reply["links"]] == ["next", "last", "self"]
    following = client.call(
        "POST",
        reply["links"][0]["href"],
        {"q": "SELECT id FROM transaction ORDER BY id"},
        headers={"Prefer": "transient"},
    ).json()
    assert following["offset"] == 2
    assert following["totalResults"] == reply["totalResults"]
    assert following["items"][0]["id"] > reply["items"][1]["id"]


def test_the_header_that_queries_need_is_asked_for(client):
    detail = client.refused("POST", "/query/v1/suiteql", {"q": "SELECT 1 FROM dual"})
    assert (detail["o:errorHeader"], detail["o:errorCode"]) == ("Prefer", "INVALID_HEADER")
    client.refused("GET", "/query/v1/suiteql", status=405, headers={"Prefer": "transient"})
    for page in ({"limit": 1001}, {"limit": 10, "offset": 5}):
        assert client.ask("SELECT id FROM transaction", **page).status_code == 400


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("SELECT COUNT(*) FROM dual", [{"expr1": "1"}]),
        ("SELECT 1 a, 'x' FROM dual", [{"a": "1", "expr1": "x"}]),
        (
            "SELECT NVL(NULL, 'z') v, NVL2('a', 1, 2) w, COALESCE(NULL, NULL, 3) x FROM dual",
            [{"v": "z", "w": "1", "x": "3"}],
        ),
        ("SELECT DECODE(2, 1, 'a', 2, 'b', 'c') d, DECODE(NULL, NULL, 'same') e FROM dual", [{"d": "b", "e": "same"}]),
        ("SELECT TO_CHAR(TO_DATE('2026-02-01', 'YYYY-MM-DD'), 'DD.MM.YYYY') d FROM dual", [{"d": "01.02.2026"}]),
        ("SELECT TO_DATE('2026-02-01', 'YYYY-MM-DD') + 30 d FROM dual", [{"d": "3/3/2026"}]),
        ("SELECT TO_DATE('2026-03-01','YYYY-MM-DD') - TO_DATE('2026-02-01','YYYY-MM-DD') n FROM dual", [{"n": "28"}]),
        (
            "SELECT ADD_MONTHS(TO_DATE('2026-01-31','YYYY-MM-DD'), 1) "
            "d, LAST_DAY(TO_DATE('2026-02-10','YYYY-MM-DD')) l FROM dual",
            [{"d": "2/28/2026", "l": "2/28/2026"}],
        ),
        (
            "SELECT TRUNC(TO_DATE('2026-02-17','YYYY-MM-DD'), 'MM') d, TRUNC(7.89, 1) n FROM dual",
            [{"d": "2/1/2026", "n": "7.8"}],
        ),
        (
            "SELECT MONTHS_BETWEEN(TO_DATE('2026-03-01','YYYY-MM-DD'), TO_DATE('2026-01-01','YYYY-MM-DD')) m FROM dual",
            [{"m": "2"}],
        ),
        (
            "SELECT ROUND(2.345, 2) r, CEIL(1.1) c, FLOOR(1.9) f, MOD(7, 3) m, ABS(-4) a FROM dual",
            [{"r": "2.35", "c": "2", "f": "1", "m": "1", "a": "4"}],
        ),
        (
            "SELECT SUBSTR('abcdef', 2, 3) s, SUBSTR('abcdef', -2) t, "
            "INSTR('abcabc', 'c', 1, 2) i, LENGTH('abc') l FROM dual",
            [{"s": "bcd", "t": "ef", "i": "6", "l": "3"}],
        ),
        (
            "SELECT LPAD('7', 3, '0') l, RPAD('7', 3, '-') r, TRIM('  x ') t, UPPER('a') || LOWER('B') u FROM dual",
            [{"l": "007", "r": "7--", "t": "x", "u": "Ab"}],
        ),
        (
            "SELECT REGEXP_SUBSTR('PO-123', '[0-9]+') s, REGEXP_REPLACE('a1b2', '[0-9]', '') r FROM dual",
            [{"s": "123", "r": "ab"}],
        ),
        (
            "SELECT CASE WHEN 1 = 2 THEN 'a' ELSE 'b' END c, 1/2 h, 0.1 + 0.2 s FROM dual",
            [{"c": "b", "h": "0.5", "s": "0.3"}],
        ),
        ("SELECT TO_CHAR(1234.5, '999,990.00') n, TO_NUMBER('12.50') m FROM dual", [{"n": "   1,234.50", "m": "12.5"}]),
        (
            "SELECT EXTRACT(YEAR FROM TO_DATE('2026-02-01','YYYY-MM-DD')) "
            "y, CAST('12' AS NUMBER) n, CAST(12.0 AS VARCHAR2(10)) t FROM dual",
            [{"y": "2026", "n": "12", "t": "12"}],
        ),
        ("SELECT 'O''Brien' o, 'a;b' s, '--x' c FROM dual -- a remark", [{"o": "O'Brien", "s": "a;b", "c": "--x"}]),
        ("SELECT GREATEST(1, 3, 2) g, LEAST(4, 2) l, NULLIF(1, 1) n FROM dual", [{"g": "3", "l": "2"}]),
        ("SELECT 1 x FROM dual UNION ALL SELECT 2 FROM dual ORDER BY 1 DESC", [{"x": "2"}, {"x": "1"}]),
        ("WITH a AS (SELECT 1 n FROM dual) SELECT n + 1 m FROM a", [{"m": "2"}]),
        ("SELECT * FROM (SELECT 1 one, 2 two FROM dual)", [{"one": "1", "two": "2"}]),
        ("SELECT TOP 2 id FROM currency ORDER BY id DESC", [{"id": "14"}, {"id": "13"}]),
        ("SELECT id FROM currency ORDER BY id OFFSET 2 ROWS FETCH NEXT 2 ROWS ONLY", [{"id": "3"}, {"id": "4"}]),
        ("SELECT id FROM currency WHERE ROWNUM <= 2 ORDER BY id", [{"id": "1"}, {"id": "2"}]),
        (
            "SELECT LISTAGG(symbol, ',') WITHIN GROUP (ORDER BY symbol DESC) l FROM currency WHERE id < 4",
            [{"l": "USD,GBP,EUR"}],
        ),
        (
            "SELECT DISTINCT accttype FROM account WHERE accttype LIKE 'Acct%' ORDER BY accttype",
            [{"accttype": "AcctPay"}, {"accttype": "AcctRec"}],
        ),
        ("SELECT id FROM vendor WHERE (entityid, id) IN (('V501', 501))", [{"id": "501"}]),
        ("SELECT BUILTIN.RELATIVE_RANGES('TODAY', 'START') d FROM dual", None),
        (
            "SELECT BUILTIN.DF(isinactive) i, BUILTIN.DF(subsidiary) s FROM vendor WHERE id = 501",
            [{"i": "No", "s": "Northwind Parent : Northwind UK"}],
        ),
        (
            "SELECT 'x' a, id FROM vendor WHERE id IN ('501') AND lastmodifieddate >= '1/1/2020'",
            [{"a": "x", "id": "501"}],
        ),
        ("SELECT SYSDATE d, CURRENT_DATE c FROM dual", None),
    ],
)
def test_the_dialect(client, text, rows):
    found = client.query(text)

    assert rows is None or found == rows


def test_display_and_code_of_a_status(client):
    rows = client.query(
        "SELECT BUILTIN.DF(t.status) df, BUILTIN.CF(t.status) cf, "
        "BUILTIN.DF(type) k, BUILTIN.DF(entity) e FROM transaction t WHERE tranid = 'PO10003'"
    )

    assert rows == [
        {
            "df": "Purchase Order : Pending Billing/Partially Received",
            "cf": "PurchOrd:E",
            "k": "Purchase Order",
            "e": "V502 Bergmann Werkzeuge GmbH",
        }
    ]
    assert client.query("SELECT id FROM transaction t WHERE t.status = 'PurchOrd:B'") == []


def test_a_star_stands_beside_named_columns_which_win(client):
    [row] = client.query(
        "SELECT *, BUILTIN.DF(status) status, TO_CHAR "
        "(lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') AS lastmodifieddate FROM transaction "
        "WHERE type = 'PurchOrd' AND "
        "transaction.lastmodifieddate>TO_TIMESTAMP('2026-04-01 00:00:00', 'YYYY-MM-DD HH24:MI:SS') "
        "AND tranid = 'PO10028' ORDER BY transaction.lastmodifieddate"
    )

    assert row["status"] == "Purchase Order : Pending Bill"
    assert row["lastmodifieddate"] == "2026-04-07 12:00:00"
    assert row["recordtype"] == "purchaseorder"


def test_lines_of_an_order_with_what_came_of_them(client):
    order = client.order(item(quantity=10), item("72", 5, 7))
    client.receive(order, {1: 4})
    client.bill(order)

    rows = client.query(
        """SELECT pl.id AS line, pl.item, pl.quantity, pl.rate, pl.quantityshiprecv, pl.quantitybilled,
           nl.nexttype, nl.linktype
           FROM transactionline pl LEFT JOIN NextTransactionLineLink nl ON nl.previousdoc = pl.transaction
           AND nl.previousline = pl.id AND nl.nexttype IN ('ItemRcpt','VendBill')
           WHERE pl.transaction = ? AND pl.mainline = 'F' AND pl.taxline = 'F'
           ORDER BY pl.linesequencenumber, nl.nexttype""",
        [order],
    )

    common = {"line": "1", "item": "71", "quantity": "10", "rate": "10", "quantityshiprecv": "4", "quantitybilled": "4"}
    assert rows == [
        {**common, "nexttype": "ItemRcpt", "linktype": "ShipRcpt"},
        {**common, "nexttype": "VendBill", "linktype": "OrdBill"},
        {"line": "2", "item": "72", "quantity": "5", "rate": "7", "quantityshiprecv": "0", "quantitybilled": "0"},
    ]


def test_oracles_outer_join_mark_is_understood(client):
    rows = client.query(
        "SELECT v.id, r.subsidiary FROM vendor v, vendorsubsidiaryrelationship r "
        "WHERE v.id = r.entity(+) AND v.id IN (501, 502) ORDER BY v.id, r.subsidiary"
    )

    assert rows == [{"id": "501", "subsidiary": "2"}, {"id": "501", "subsidiary": "3"}, {"id": "502"}]


def test_values_are_bound_and_never_read_as_sql(client):
    assert client.query("SELECT id FROM vendor WHERE entityid = ?", ["x' OR '1'='1"]) == []
    assert client.query("SELECT ? a, id FROM vendor WHERE id = ? OR email = ?", ["?", 501, "'; DROP TABLE vendor"]) == [
        {"a": "?", "id": "501"}
    ]
    assert client.ask("SELECT id FROM vendor WHERE id = ?").status_code == 400


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("SELECT id FROM transactiontablethatdoesnotexist", "Invalid search type: transactiontablethatdoesnotexist."),
        (
            "SELECT not_existing_field FROM customer",
            "Search error occurred: Unknown identifier "
            "'not_existing_field'. Available identifiers are: {customer=customer}.",
        ),
        (
            "SELECT t.x FROM transaction t",
            "Search error occurred: Unknown identifier 'x'. Available identifiers are: {t=t}.",
        ),
        (
            "SELECT t.id FROM transaction t JOIN nowhere n ON n.id = t.id",
            "Search error occurred: Record 'nowhere' was not found.",
        ),
        *(
            (text, "Search error occurred: Invalid or unsupported search.")
            for text in (
                "",
                "SELECT",
                "SELECT id FROM transaction LIMIT 5",
                "SELECT id FROM transaction;",
                "SELECT id FROM vendor; SELECT id FROM item",
                "DELETE FROM transaction",
                "UPDATE vendor SET email = 'x'",
                "INSERT INTO vendor (id) VALUES (1)",
                "DROP TABLE vendor",
                "PRAGMA table_info(vendor)",
                "ATTACH DATABASE 'x' AS y",
                "SELECT LEFT(email, 2) FROM vendor",
                "SELECT DATEDIFF(trandate, duedate) FROM transaction",
                "SELECT NOW() FROM dual",
                "SELECT load_extension('x') FROM dual",
                "SELECT id FROM vendor WHERE id = 'abc'",
                "SELECT id FROM transaction WHERE trandate > 'yesterday'",
                "SELECT [id] FROM vendor",
                "SELECT SUM(id, 2) FROM vendor",
                "SELECT COUNT() FROM vendor WHERE",
                "SELECT id FROM vendor WHERE entityid = 'open",
                "EXPLAIN SELECT id FROM vendor",
                "WITH RECURSIVE r AS (SELECT 1 n FROM dual UNION ALL SELECT n + 1 FROM r) SELECT n FROM r",
            )
        ),
        ("SELECT sql FROM sqlite_master", "Invalid search type: sqlite_master."),
        ("SELECT body FROM _record", "Invalid search type: _record."),
    ],
)
def test_what_cannot_be_run_is_refused_in_netsuites_words(client, text, detail):
    assert client.query_refused(text) == PREFIX + detail


@pytest.mark.parametrize(
    "text",
    [
        "SELECT id FROM vendor FOR UPDATE",
        "SELECT * FROM vendor PIVOT (COUNT(id) FOR currency IN (1, 2))",
        "SELECT id FROM vendor SAMPLE (10)",
        "SELECT id FROM vendor START WITH id = 1 CONNECT BY PRIOR id = currency",
        "SELECT id FROM vendor QUALIFY ROW_NUMBER() OVER (ORDER BY id) = 1",
        "SELECT id INTO x FROM vendor",
        "SELECT 1e308 * 10 n FROM dual",
        "SELECT id FROM vendor, LATERAL (SELECT 1 FROM dual)",
        "SELECT id || (DELETE FROM vendor) FROM vendor",
        "SELECT (SELECT id FROM vendor) FROM _record",
        "SELECT * FROM _balance",
        "SELECT * FROM sqlite_master",
        "SELECT load_extension('x') FROM dual",
        "SELECT o_text(id) FROM vendor",
    ],
)
def test_what_suiteql_has_not_is_refused(client, text):
    detail = client.query_refused(text)

    assert "Invalid or unsupported search" in detail or "Invalid search type" in detail


def test_a_hidden_column_is_named(client):
    client.control("preferences", {"hiddenColumns": "itemtype"})

    detail = client.query_refused("SELECT tl.itemtype FROM transactionline tl")

    assert "Field 'itemtype' for record 'tl' was not found. Reason: NOT_EXPOSED" in detail
    assert client.query("SELECT tl.* FROM transactionline tl WHERE ROWNUM <= 1")


def test_common_table_expressions_can_be_switched_off(client):
    client.control("preferences", {"commonTableExpressions": False})

    client.query_refused("WITH a AS (SELECT 1 n FROM dual) SELECT n FROM a")


def test_a_query_that_takes_too_long_is_stopped(client):
    client.control("preferences", {"queryTimeoutSeconds": 0.2})
    tables = ", ".join(f"transactionline t{index}" for index in range(6))

    assert "took too long" in client.query_refused(f"SELECT COUNT(*) FROM {tables}")


def test_dates_follow_the_accounts_format_and_zone(client):
    client.control("preferences", {"DATEFORMAT": "DD.MM.YYYY", "TIMEZONE": "America/New_York"})

    [row] = client.query(
        "SELECT trandate, TO_CHAR(createddate, 'HH24:MI') at FROM "
        "transaction WHERE tranid = 'PO10001' AND trandate = '08.01.2026'"
    )

    assert row == {"trandate": "08.01.2026", "at": "07:00"}


@pytest.mark.parametrize("account_format", list(dates.ACCOUNT_FORMATS))
@given(day=st.dates(min_value=dates.date(1900, 1, 1), max_value=dates.date(2999, 12, 31)))
@settings(max_examples=20)
def test_a_date_survives_the_accounts_format(account_format, day):
    shown = dates.account_text(day.isoformat(), account_format)

    assert dates.from_account_text(shown, account_format) == day.isoformat()


def test_the_last_fence_lets_only_reads_of_seen_tables_through():
    authorise = authoriser(Catalog())

    assert authorise(sqlite3.SQLITE_READ, "vendor") == sqlite3.SQLITE_OK
    for action, name in (
        (sqlite3.SQLITE_READ, "_record"),
        (sqlite3.SQLITE_READ, "sqlite_master"),
        (sqlite3.SQLITE_INSERT, "vendor"),
        (sqlite3.SQLITE_DELETE, "vendor"),
        (sqlite3.SQLITE_UPDATE, "vendor"),
        (sqlite3.SQLITE_ATTACH, "x"),
        (sqlite3.SQLITE_PRAGMA, "x"),
        (sqlite3.SQLITE_CREATE_TABLE, "x"),
    ):
        assert authorise(action, name) == sqlite3.SQLITE_DENY


# Whatever is sent: an answer or a refusal, and nothing but reads.


@pytest.fixture(scope="module")
def account():
    from erp_emulator import seed

    made = Account()
    seed.reset(made)
    yield made
    made.close()


WORDS = st.sampled_from(
    "SELECT FROM WHERE vendor transaction transactionline t v id type "
    "entity status trandate lastmodifieddate AND OR NOT IN ( ) , . * = < > "
    "'x' '1/1/2026' 1 2.5 NULL COUNT SUM MAX NVL TO_CHAR TO_DATE "
    "BUILTIN.DF BUILTIN.CF BUILTIN CASE WHEN THEN ELSE END GROUP BY ORDER HAVING "
    "DISTINCT UNION ALL JOIN LEFT ON AS ROWNUM FETCH FIRST ROWS ONLY "
    "OVER PARTITION || + - / ? EXISTS BETWEEN LIKE IS WITH dual DELETE INSERT "
    'UPDATE DROP ; -- /* */ " ` [ ] : @ $ # \\ \x01 é EXTRACT CAST NUMBER LISTAGG WITHIN'.split(" ")
)


@given(st.lists(WORDS, max_size=30).map(lambda words: "SELECT " + " ".join(words)) | st.text(max_size=200))
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_breaks_the_engine_or_writes(account, text):
    before = account.store.writer.total_changes
    try:
        page = account.engine.run(
            text, [], account.query_account(), role="administrator", limit=10, offset=0, timeout_seconds=0.5
        )
        assert all(isinstance(value, str) for row in page.items for key, value in row.items() if key != "links")
    except NetSuiteError as refused:
        assert refused.status == 400
    assert account.store.writer.total_changes == before
