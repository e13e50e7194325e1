"""The record service as clients see it: shapes of lists and records, references, errors, and answers."""

from __future__ import annotations

import pytest
import requests

from tests.emulator.client import Client, expense, item, split

INVALID = "You have entered an Invalid Field Value"


def test_a_list_holds_links_and_ids_only(client):
    page = client.get("/record/v1/vendor?limit=2&offset=2")

    assert [set(each) for each in page["items"]] == [{"links", "id"}] * 2
    assert page["items"][0]["links"][0] == {"rel": "self", "href": f"{client.root}/record/v1/vendor/503"}
    assert [link["rel"] for link in page["links"]] == ["next", "last", "first", "prev", "self"]
    assert (page["count"], page["offset"], page["hasMore"], page["totalResults"]) == (2, 2, True, 11)


def test_pages_by_next_links_hold_every_record_once(client):
    url, seen = f"{client.root}/record/v1/purchaseOrder?limit=10", []
    while url:
        page = client.get(url)
        seen += [each["id"] for each in page["items"]]
        url = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)

    assert len(seen) == len(set(seen)) == page["totalResults"] == 28
    assert not page["hasMore"]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [("limit=0", "limit"), ("limit=1001", "limit"), ("limit=x", "limit"), ("limit=10&offset=5", "offset")],
)
def test_a_page_that_cannot_be_is_refused(client, query, parameter):
    detail = client.refused("GET", f"/record/v1/vendor?{query}")

    assert detail["o:errorCode"] == "INVALID_PARAMETER"
    assert detail["o:errorQueryParam"] == parameter


def test_an_unknown_query_parameter_is_refused_by_name(client):
    detail = client.refused("GET", "/record/v1/vendor/501?id=5")

    assert detail["detail"].startswith(
        "Invalid query parameter name 'id'. Use one of the following valid query parameters:"
    )


def test_types_and_fields_are_found_in_any_case_and_with_a_trailing_slash(client):
    assert client.get("/record/v1/VENDORBILL/")["count"] > 0
    made = client.make("/record/v1/vendorbill", {"ENTITY": "501", "tranid": "C-1", "Expense": {"items": [expense(5)]}})

    assert client.get(f"/record/v1/VendorBill/{made}")["tranId"] == "C-1"


def test_a_record_shows_numbers_booleans_dates_and_references_in_their_own_forms(client):
    bill = client.expense_bill(12.5, memo=None)
    shown = client.get(f"/record/v1/vendorBill/{bill}?expandSubResources=True")

    assert shown["id"] == bill
    assert shown["total"] == 12.5
    assert shown["tranDate"] == "2026-05-06"
    assert shown["paymentHold"] is False
    assert shown["entity"] == {
        "links": [{"rel": "self", "href": f"{client.root}/record/v1/vendor/501"}],
        "id": "501",
        "refName": "V501 Acme Paper Ltd",
    }
    assert shown["status"] == {"id": "Open", "refName": "Open"}
    assert shown["approvalStatus"] == {"id": "2", "refName": "Approved"}
    assert "memo" not in shown
    assert len(shown["lastModifiedDate"]) == len("2026-03-01T10:00:00Z")
    assert shown["expense"]["totalResults"] == 1
    assert shown["expense"]["items"][0]["account"]["refName"] == "6200 Office Supplies"


def test_sublists_are_links_until_expanded_and_resources_of_their_own(client):
    order = client.order(item(), expense(7))

    shown = client.get(f"/record/v1/purchaseOrder/{order}")
    assert shown["item"] == {"links": [{"rel": "self", "href": f"{client.root}/record/v1/purchaseOrder/{order}/item"}]}
    page = client.get(f"/record/v1/purchaseOrder/{order}/item")
    assert page["totalResults"] == 1
    assert page["items"][0]["line"] == 1
    line = client.get(f"/record/v1/purchaseOrder/{order}/expense/2")
    assert line["amount"] == 7.0
    client.refused("GET", f"/record/v1/purchaseOrder/{order}/item/9", status=404)


def test_fields_choose_and_exclude_expansion(client):
    order = client.order()

    assert set(client.get(f"/record/v1/purchaseOrder/{order}?fields=tranId,total")) == {
        "links",
        "id",
        "tranId",
        "total",
    }
    client.refused("GET", f"/record/v1/purchaseOrder/{order}?fields=tranId&expandSubResources=true")


def test_simple_enumerations_are_bare_ids(client):
    order = client.order()

    shown = client.get(f"/record/v1/purchaseOrder/{order}?simpleEnumFormat=true")
    assert (shown["orderStatus"], shown["approvalStatus"]) == ("B", "2")


@pytest.mark.parametrize(
    "entity",
    [
        {"id": "501"},
        {"id": 501},
        "501",
        501,
        {"externalId": "V501"},
        {"refName": "V501 Acme Paper Ltd"},
        {"refName": "V501"},
    ],
)
def test_a_reference_may_take_any_form(client, entity):
    bill = client.expense_bill(entity=entity)

    assert client.get(f"/record/v1/vendorBill/{bill}")["entity"]["id"] == "501"


def test_create_answers_no_content_and_an_absolute_location(client):
    reply = client.call("POST", "/record/v1/vendorBill", {"entity": "501", **split((expense(5),))})

    assert (reply.status_code, reply.content) == (204, b"")
    assert "content-length" not in reply.headers
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Location"].startswith(f"{client.root}/record/v1/vendorBill/")


def test_patch_changes_what_it_names_and_null_clears(client):
    bill = client.expense_bill(memo="first", custbody_note="kept")

    client.make(f"/record/v1/vendorBill/{bill}", {"memo": None, "tranId": "E-2"}, "PATCH")

    shown = client.get(f"/record/v1/vendorBill/{bill}")
    assert "memo" not in shown
    assert (shown["tranId"], shown["custbody_note"]) == ("E-2", "kept")


def test_lines_are_matched_by_number_added_without_and_replaced_on_request(client):
    order = client.order(item(quantity=1), item("72", 2, 5))
    path = f"/record/v1/purchaseOrder/{order}"

    client.make(path, {"item": {"items": [{"line": 2, "quantity": 4}, item("73", 1, 60)]}}, "PATCH")
    lines = client.get(f"{path}/item")["items"]
    assert [(x["line"], x["quantity"], x["amount"]) for x in lines] == [(1, 1, 10), (2, 4, 20), (3, 1, 60)]

    client.make(f"{path}?replace=item", {"item": {"items": [{"line": 2, **item("72", 1, 5)}]}}, "PATCH")
    assert [x["line"] for x in client.get(f"{path}/item")["items"]] == [2]
    client.make(path, {"item": {"items": [item("71", 1, 1)]}}, "PATCH")
    assert [x["line"] for x in client.get(f"{path}/item")["items"]] == [2, 4]
    assert client.get(path)["total"] == 6.0


def test_a_line_is_removed_by_its_own_address(client):
    order = client.order(item(), item("72", 2, 5))

    assert client.call("DELETE", f"/record/v1/purchaseOrder/{order}/item/1").status_code == 204
    assert [x["line"] for x in client.get(f"/record/v1/purchaseOrder/{order}/item")["items"]] == [2]


def test_upsert_creates_once_and_then_changes(client):
    body = {"entity": "501", "tranId": "U-1", **split((expense(9),))}

    first = client.make("/record/v1/vendorBill/eid:key-1", body, "PUT")
    second = client.make("/record/v1/vendorBill/eid:key-1", {"memo": "again"}, "PUT")

    assert first == second
    shown = client.get("/record/v1/vendorBill/eid:key-1")
    assert (shown["id"], shown["externalId"], shown["memo"], shown["total"]) == (first, "key-1", "again", 9.0)


def test_an_external_id_is_taken_once_a_type(client):
    client.expense_bill(externalId="same")

    detail = client.refused(
        "POST", "/record/v1/vendorBill", {"entity": "501", "externalId": "same", **split((expense(1),))}
    )

    assert detail["o:errorCode"] == "USER_ERROR"
    assert detail["detail"].endswith("This record already exists.")
    client.order(externalId="same")


def test_the_same_bill_number_is_taken_twice(client):
    assert client.expense_bill(tranId="DUP") != client.expense_bill(tranId="DUP")


def test_what_has_no_body_says_that_it_is_json_only_when_it_names_a_record(client):
    made = client.call("POST", "/record/v1/vendor", {"companyName": "Short", "subsidiary": "1"})
    gone = client.call("DELETE", made.headers["Location"])

    assert (made.status_code, made.headers["Content-Type"]) == (204, "application/json")
    assert (gone.status_code, gone.headers.get("Content-Type")) == (204, None)


@pytest.mark.parametrize("host", ["abc.suitetalk.api.netsuite.com", "abc.suitetalk.api.netsuite.com:443"])
def test_the_own_port_of_a_scheme_is_not_said(client, host):
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": host}
    url = "https://abc.suitetalk.api.netsuite.com/services/rest/record/v1/vendor/501"
    signed = requests.Request("GET", url, auth=client.auth()).prepare().headers["Authorization"]

    reply = requests.get(
        f"{client.root}/record/v1/vendor/501", headers={**forwarded, "Authorization": signed}, timeout=10
    )

    assert reply.json()["links"][0]["href"] == url


def test_a_deleted_record_is_gone_and_noted(client):
    bill = client.expense_bill()

    reply = client.call("DELETE", f"/record/v1/vendorBill/{bill}")

    assert (reply.status_code, "Location" in reply.headers) == (204, False)
    client.refused("GET", f"/record/v1/vendorBill/{bill}", status=404)
    [row] = client.query("SELECT recordid, scriptid, name FROM deletedrecord WHERE recordid = ?", [bill])
    assert row == {"recordid": bill, "scriptid": "vendorbill", "name": "Bill #E-1"}


@pytest.mark.parametrize(
    ("path", "status", "code", "detail"),
    [
        ("/record/v1/bad-path", 404, "NONEXISTENT_RECORD_TYPE", "Record type 'bad-path' does not exist."),
        (
            "/record/v1/customer/-1",
            404,
            "NONEXISTENT_ID",
            "The record instance does not exist. Provide a valid record instance ID.",
        ),
        (
            "/record/v1/customer/000",
            400,
            "INVALID_ID",
            "Invalid record instance identifier '000'. Provide a valid record instance ID.",
        ),
        (
            "/record/v1/vendor/25",
            404,
            "NONEXISTENT_ID",
            "The record instance does not exist. Provide a valid record instance ID.",
        ),
        (
            "/record/v1/vendorBill/eid:nope",
            404,
            "NONEXISTENT_ID",
            "The record instance does not exist. Provide a valid record instance ID.",
        ),
    ],
)
def test_what_is_not_there_is_refused_in_its_own_words(client, path, status, code, detail):
    found = client.refused("GET", path, status=status)

    assert (found["o:errorCode"], found["detail"]) == (code, detail)


def test_a_body_that_is_no_json_is_refused(client):
    for body in ("bad body", '"text"', "[1]", '{"a": 1', "\x00", "1" * 5000 + "e", "[" * 50_000):
        detail = client.refused("POST", "/record/v1/customer", data=body.encode())
        assert (detail["o:errorCode"], detail["detail"]) == ("INVALID_CONTENT", "Invalid content in the request body.")


def test_an_empty_body_names_what_it_lacks(client):
    detail = client.refused("POST", "/record/v1/customer/", data="{}")
    assert detail["detail"].startswith("Error while accessing a resource. Please enter value(s) for: ")
    assert client.refused("POST", "/record/v1/vendorBill", {})["detail"].endswith("Please enter value(s) for: Vendor")


def test_a_bad_reference_names_its_value_field_and_place(client):
    detail = client.refused("POST", "/record/v1/purchaseOrder", {"entity": "501", "item": {"items": [item("9999")]}})

    assert detail["detail"] == f"Error while accessing a resource. {INVALID} 9999 for the following field: item"
    assert (detail["o:errorCode"], detail["o:errorPath"]) == ("INVALID_CONTENT", "item.items[0].item")


def test_unknown_properties_are_ignored_with_a_header_or_refused_on_request(client):
    body = {"entity": "501", "relatedPayments": [], "total": 99, **split((expense(3),))}

    reply = client.call("POST", "/record/v1/vendorBill", body)
    assert reply.status_code == 204
    assert "relatedPayments" in reply.headers["X-NetSuite-PropertyValidation"]
    strict = {"X-NetSuite-PropertyNameValidation": "Error"}
    assert client.refused("POST", "/record/v1/vendorBill", body, headers=strict)["o:errorPath"] == "relatedPayments"


def test_a_vendor_name_is_taken_once(client):
    client.make("/record/v1/vendor", {"companyName": "New Vendor Ltd", "subsidiary": "2"})

    assert client.refused("POST", "/record/v1/vendor", {"companyName": "New Vendor Ltd"})["detail"].endswith(
        "This entity already exists."
    )


def test_a_vendor_with_its_bank_and_address_can_be_made_and_queried(client):
    address = {"addr1": "9 New St", "city": "Leeds", "zip": "LS2 2AA", "country": {"id": "GB"}}
    body = {
        "companyName": "Bank Vendor Ltd",
        "subsidiary": "2",
        "custentity_iban": "GB82WEST12345698765432",
        "addressBook": {"items": [{"defaultBilling": True, "label": "HQ", "addressBookAddress": address}]},
    }
    vendor = client.make("/record/v1/vendor", body)

    shown = client.get(f"/record/v1/vendor/{vendor}?expandSubResources=true")
    assert shown["addressBook"]["items"][0]["addressBookAddress"]["city"] == "Leeds"
    [row] = client.query(
        "SELECT v.custentity_iban, a.city FROM vendor v JOIN "
        "entityaddress a ON a.nkey = v.defaultbillingaddress WHERE v.id = ?",
        [vendor],
    )
    assert row == {"custentity_iban": "GB82WEST12345698765432", "city": "Leeds"}


def test_a_record_in_use_is_not_deleted(client):
    for path in ("vendor/501", "account/111", "term/3", "inventoryItem/71", "currency/2"):
        assert client.refused("DELETE", f"/record/v1/{path}")["o:errorCode"] == "USER_ERROR"


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("id ANY_OF [501, 502]", ["501", "502"]),
        ("id BETWEEN [501, 503]", ["501", "502", "503"]),
        ("email IS orders@acmepaper.example", ["501"]),
        ('companyName START_WITH "Delta F"', ["504"]),
        ('companyName contain "LTD" and isInactive is false', ["501", "510"]),
        ("isInactive IS true", ["511"]),
        ("currency EQUAL 3 AND id GREATER 505", ["508"]),
        ("id EQUAL 501 OR (id EQUAL 502 AND id EQUAL 503) OR id EQUAL 504", ["501", "504"]),
        ("email ENDWITH delta.example OR entityId IS V503", ["503"]),
        ('externalId IS "V502"', ["502"]),
        ("vatRegNumber EMPTY AND isInactive IS false", ["503", "504", "507"]),
        ("id LESS_NOT 510", ["510", "511"]),
    ],
)
def test_a_list_is_filtered_by_q(client, text, ids):
    page = client.get("/record/v1/vendor", params={"q": text})

    assert [each["id"] for each in page["items"]] == ids


def test_links_of_a_filtered_list_repeat_the_filter(client):
    page = client.get("/record/v1/vendor?limit=1", params={"q": "isInactive IS false"})

    for link in page["links"]:
        assert "q=isInactive+IS+false" in link["href"]
    following = client.get(page["links"][0]["href"])
    assert following["items"][0]["id"] == "502"


def test_dates_in_q_are_days_in_the_accounts_format(client):
    bill = client.expense_bill(tranDate="2026-05-06")

    page = client.get("/record/v1/vendorBill", params={"q": 'tranDate ON "05/06/2026" AND tranId IS E-1'})
    assert [each["id"] for each in page["items"]] == [bill]
    detail = client.refused("GET", "/record/v1/vendorBill", params={"q": 'lastModifiedDate AFTER "2026-03-15T00:00"'})
    assert detail["detail"] == (
        'Parse of date/time "2026-03-15T00:00" failed with date format "M/d/yy" in time zone UTC'
    )


def test_an_unknown_field_or_operator_in_q_is_refused(client):
    assert client.refused("GET", "/record/v1/vendor", params={"q": "nope IS 1"})["o:errorCode"] == "NONEXISTENT_FIELD"
    for text in (
        "id",
        "id LIKE 1",
        "id EQUAL",
        "(id EQUAL 1",
        "id EQUAL 1 id EQUAL 2",
        "id ANY_OF []",
        "email GREATER 1",
        "'; DROP TABLE _record",
    ):
        client.refused("GET", "/record/v1/vendor", params={"q": text})


def test_an_account_behind_a_proxy_is_signed_and_linked_as_the_caller_sees_it(emulator):
    import requests
    from requests_oauthlib import OAuth1

    with Client(emulator) as client:
        address = "https://tstdrv1234567.suitetalk.api.netsuite.com/services/rest/record/v1/vendor/501"
        signed = requests.Request(
            "GET", address, auth=OAuth1(*client.keys, signature_method="HMAC-SHA256", realm=emulator.account.name)
        ).prepare()
        headers = {
            "Authorization": signed.headers["Authorization"],
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Host": "tstdrv1234567.suitetalk.api.netsuite.com",
        }
        reply = client.session.get(f"{client.root}/record/v1/vendor/501", headers=headers, timeout=10)

    assert reply.status_code == 200, reply.text
    assert reply.json()["links"][0]["href"] == address


def test_the_billing_address_is_the_vendors_and_a_resource_of_its_own(client):
    order = client.order()

    shown = client.get(f"/record/v1/purchaseOrder/{order}")
    assert shown["billAddress"] == "Acme Paper Ltd\n1 Mill Road\nLeeds LS1 1AA\nUnited Kingdom"
    assert shown["billingAddress"]["links"][0]["href"].endswith(f"/purchaseOrder/{order}/billingAddress")
    assert client.get(f"/record/v1/purchaseOrder/{order}/billingAddress")["city"] == "Leeds"
    [row] = client.query(
        "SELECT a.city, a.country FROM transaction t JOIN transactionbillingaddress a ON a.nkey = t.billingaddress "
        "WHERE t.id = ?",
        [order],
    )
    assert row == {"city": "Leeds", "country": "GB"}


@pytest.mark.parametrize(
    ("record_type", "body"),
    [
        ("contact", {"firstName": "Al", "lastName": "Bo"}),
        (
            "customer",
            {"entityStatus": 6, "firstName": "A", "lastName": "B", "subsidiary": "1", "companyName": "Conf Co"},
        ),
        ("employee", {"firstName": "E", "lastName": "Nine"}),
        ("department", {"name": "D9"}),
        ("classification", {"name": "C9"}),
        ("location", {"name": "L9"}),
        ("subsidiary", {"name": "S9", "currency": "1"}),
        ("currency", {"name": "X9"}),
        ("term", {"name": "N9", "daysUntilNetDue": 9}),
        ("account", {"acctNumber": "6999", "acctName": "N", "acctType": "Expense"}),
        ("accountingPeriod", {"periodName": "Jan 2030", "startDate": "2030-01-01", "endDate": "2030-01-31"}),
        ("expenseCategory", {"name": "EC9", "expenseAcct": "125"}),
        ("vendorCategory", {"name": "VC9"}),
        ("vendorSubsidiaryRelationship", {"entity": "502", "subsidiary": "2"}),
        ("salesTaxItem", {"itemId": "TX9", "rate": 5}),
        ("taxType", {"name": "T9"}),
        ("unitsType", {"name": "U9"}),
        ("inboundShipment", {"shipmentNumber": "IS9"}),
        ("inventoryItem", {"itemId": "I9", "assetAccount": "105"}),
        ("nonInventoryPurchaseItem", {"itemId": "N9", "expenseAccount": "122"}),
        ("servicePurchaseItem", {"itemId": "SV9", "expenseAccount": "124"}),
        ("otherChargePurchaseItem", {"itemId": "O9", "expenseAccount": "121"}),
        ("deposit", {"account": "101", "other": {"items": [{"account": "118", "amount": 5}]}}),
        ("check", {"entity": "503", "account": "101", **split((expense(3),))}),
        ("vendorPrepayment", {"entity": "503", "account": "101", "payment": 50}),
    ],
)
def test_a_record_of_every_type_is_made_read_changed_and_removed(client, record_type, body):
    made = client.make(f"/record/v1/{record_type}", {**body, "externalId": "every"})

    shown = client.get(f"/record/v1/{record_type}/eid:every?expandSubResources=true")
    assert (shown["id"], shown["externalId"]) == (made, "every")
    client.make(f"/record/v1/{record_type}/{made}", {"externalId": "other"}, "PATCH")
    assert client.call("DELETE", f"/record/v1/{record_type}/eid:other").status_code == 204
    assert client.control("trial-balance", method="GET")["balanced"]


# Forms: Oracle's help, "Create-form Operation" and "selectOptions Operation".


def as_form(kind):
    return {"Accept": f"application/vnd.oracle.resource+json; type={kind}"}


def test_a_form_of_a_new_record_is_shown_and_not_kept(client):
    before = client.get("/record/v1/vendorBill")["totalResults"]
    body = {"entity": "501", "tranDate": "2026-05-04", **split((expense(12),))}

    reply = client.call("POST", "/record/v1/vendorBill?expandSubResources=true", body, headers=as_form("create-form"))

    shown = reply.json()
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, as_form("create-form")["Accept"])
    assert (shown["total"], shown["terms"]["refName"], shown["dueDate"]) == (12.0, "Net 30", "2026-06-03")
    assert "id" not in shown
    assert client.get("/record/v1/vendorBill")["totalResults"] == before


def test_a_form_may_lack_what_a_record_must_have(client):
    reply = client.call("POST", "/record/v1/vendorBill", {"memo": "later"}, headers=as_form("create-form"))

    assert (reply.status_code, reply.json()["memo"]) == (200, "later")
    refused = client.call("POST", "/record/v1/vendorBill", {"entity": "999999"}, headers=as_form("create-form"))
    assert refused.status_code == 400


def test_a_form_of_a_change_is_shown_and_not_kept(client):
    bill = client.expense_bill(12, memo="before")

    reply = client.call("PATCH", f"/record/v1/vendorBill/{bill}", {"memo": "after"}, headers=as_form("edit-form"))

    assert (reply.status_code, reply.headers["Content-Type"]) == (200, as_form("edit-form")["Accept"])
    assert (reply.json()["id"], reply.json()["memo"]) == (bill, "after")
    assert client.get(f"/record/v1/vendorBill/{bill}")["memo"] == "before"


@pytest.mark.parametrize(("method", "path"), [("POST", "/record/v1/vendor"), ("PATCH", "/record/v1/vendor/501")])
def test_the_options_of_a_field_are_listed(client, method, path):
    reply = client.call(method, f"{path}?fields=currency,terms&limit=2", {}, headers=as_form("select-options"))

    shown = reply.json()
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, as_form("select-options")["Accept"])
    assert [(each["id"], each["refName"]) for each in shown["currency"]["_selectOptions"]] == [
        ("1", "USD"),
        ("2", "GBP"),
    ]
    assert len(shown["terms"]["_selectOptions"]) == 2
    refused = client.refused(method, f"{path}?fields=email", {}, headers=as_form("select-options"))
    assert refused["o:errorQueryParam"] == "fields"


def test_the_servers_time_is_the_accounts(client):
    client.control("clock", {"freeze": "2026-05-01T10:00:00Z"})

    assert client.get("/system/v1/serverTime") == {"serverTime": "2026-05-01T10:00:00.000Z"}


def test_only_an_administrator_sees_the_limits(client, emulator):
    assert client.get("/system/v1/governanceLimits")["accountConcurrencyLimit"] == 5
    with Client(emulator, "ap_clerk") as clerk:
        clerk.refused("GET", "/system/v1/governanceLimits", status=403)


def test_a_place_has_its_address_in_a_table_of_its_own(client):
    [row] = client.query(
        "SELECT a.city FROM subsidiary s JOIN subsidiarymainaddress a ON a.nkey = s.mainaddress WHERE s.id = 2"
    )
    assert row == {"city": "Leeds"}


# How strictly a body is read; which lines are shown.


@pytest.mark.parametrize(
    ("header", "mode", "status", "said"),
    [
        ("X-NetSuite-PropertyNameValidation", "Error", 400, None),
        ("X-NetSuite-PropertyNameValidation", "Warning", 204, "unheard"),
        ("X-NetSuite-PropertyNameValidation", "Ignore", 204, None),
        ("X-NetSuite-PropertyValueValidation", "Error", 400, None),
        ("X-NetSuite-PropertyValueValidation", "Warning", 204, "terms, unheard"),
        ("X-NetSuite-PropertyValueValidation", "Ignore", 204, "unheard"),
    ],
)
def test_the_sender_says_how_strictly_names_and_values_are_read(client, header, mode, status, said):
    is_of_values = "Value" in header
    body = {"email": "x@example.com", **({"terms": "9999"} if is_of_values else {}), "unheard": 1}

    reply = client.call("PATCH", "/record/v1/vendor/502", body, headers={header: mode})

    assert (reply.status_code, reply.headers.get("X-NetSuite-PropertyValidation")) == (status, said)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("quantity GREATER 4", [2, 3]),
        ("item EQUAL 71 AND quantity LESS 6", [1, 2]),
        ('description CONTAIN "blue" OR line EQUAL 1', [1, 3]),
        ("isClosed IS true", []),
    ],
)
def test_the_lines_of_a_record_can_be_filtered(client, text, lines):
    order = client.order(
        item(quantity=2), item(quantity=5), item("72", quantity=9, description="A blue one"), tranId="F-1"
    )

    page = client.get(f"/record/v1/purchaseOrder/{order}/item", params={"q": text})

    assert [each["line"] for each in page["items"]] == lines
    assert page["totalResults"] == len(lines)


def test_a_filter_of_lines_knows_no_other_fields(client):
    order = client.order()
    detail = client.refused("GET", f"/record/v1/purchaseOrder/{order}/item", params={"q": "entity EQUAL 501"})
    assert detail["o:errorCode"] == "NONEXISTENT_FIELD"
