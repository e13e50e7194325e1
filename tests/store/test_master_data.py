"""Companies, vendors, orders, receipts and bills: each found by its company and by no other."""

from datetime import date
from decimal import Decimal

import pytest

from counterfoil.domain.orders import OrderStatus, Receipt
from counterfoil.domain.policy import CompanySettings
from counterfoil.domain.returns import ReturnedLine, VendorReturn
from counterfoil.domain.settings_history import broken_at
from counterfoil.domain.vendor_memory import Anchor, ColumnLesson, NameLesson, PlaceLesson, VendorMemory
from counterfoil.errors import BadRequest, ErpLoginRefused, LeaseRefused, StaleWrite, UnknownCompany
from counterfoil.store import SyncProgress
from tests.builders import COMPANY, NOON, a_delivery, a_vendor, an_order


def test_a_company_is_known_once_it_is_set_up(store):
    with pytest.raises(UnknownCompany):
        store.company(COMPANY)

    settings = CompanySettings(company=COMPANY, approve_automatically_max=Decimal("100.00"))
    written = store.put_company(settings)

    assert written == settings.model_copy(update={"match": settings.match.model_copy(update={"version": 1})})
    assert store.company(COMPANY) == written
    assert store.companies() == [COMPANY]


def test_each_change_of_a_companys_settings_is_a_version_with_who_and_why(store):
    first = store.put_company(CompanySettings(company=COMPANY), by="ann", why="set up", at=NOON)
    second = store.put_company(first.model_copy(update={"currency": "EUR"}), by="carl", why="euro", at=NOON, version=1)

    assert store.put_company(second, by="carl", at=NOON) == second, "the same settings again are no change"

    history = store.settings_history(COMPANY)
    assert [(each.version, each.by, each.why, each.settings) for each in history] == [
        (1, "ann", "set up", first),
        (2, "carl", "euro", second),
    ]
    assert broken_at(history) is None
    forged = history[0].model_copy(update={"by": "nobody"})
    assert broken_at([forged, history[1]]) == 1
    assert broken_at(history[1:]) == 2


def test_settings_that_somebody_else_changed_are_not_overwritten(store):
    first = store.put_company(CompanySettings(company=COMPANY))
    store.put_company(first.model_copy(update={"currency": "EUR"}), version=1)

    with pytest.raises(StaleWrite):
        store.put_company(first.model_copy(update={"currency": "USD"}), version=1)

    assert store.company(COMPANY).currency == "EUR"


@pytest.mark.parametrize("name", ["", "Demo", "a#b", "a/b", "-a", "a" * 41, "unassigned"])
def test_a_company_whose_name_could_leave_its_keys_is_refused(store, name):
    with pytest.raises(BadRequest):
        store.put_company(CompanySettings(company=name))


def test_an_order_is_found_by_its_number_however_it_is_written(store):
    order = store.save_order(an_order(number="PO-00123"), read=None)

    for written in ("PO-00123", "po00123", "PO 00123", "P.O.-00123"):
        assert store.orders_numbered(COMPANY, written) == [order]
    assert store.orders_numbered("other", "PO-00123") == []


def test_open_orders_are_the_vendors_own_newest_first(store):
    old = store.save_order(an_order(id="1", number="A", order_date=date(2026, 1, 1)), read=None)
    new = store.save_order(an_order(id="2", number="B", order_date=date(2026, 2, 1)), read=None)
    store.save_order(an_order(id="3", number="C", status=OrderStatus.FULLY_BILLED), read=None)
    store.save_order(an_order(id="4", number="D", vendor_id="502"), read=None)

    assert store.open_orders(COMPANY, "501") == [new, old]


def test_an_order_that_is_billed_leaves_the_open_ones(store):
    order = store.save_order(an_order(), read=None)

    store.save_order(order.model_copy(update={"status": OrderStatus.FULLY_BILLED}), read=order)

    assert store.open_orders(COMPANY, "501") == []


def test_an_order_is_not_overwritten_by_an_older_reading(store):
    order = store.save_order(an_order(), read=None)
    store.save_order(order, read=order)

    with pytest.raises(StaleWrite):
        store.save_order(order, read=order)


def test_orders_are_read_many_at_a_time(store):
    orders = {str(number): an_order(id=str(number), number=f"PO-{number}") for number in range(120)}
    saved = {order.id: store.save_order(order, read=None) for order in orders.values()}

    assert store.orders(COMPANY, [*orders, "missing", "1"]) == saved


def test_a_vendor_is_found_by_any_of_its_keys_and_by_none_it_lost(store):
    vendor = a_vendor()
    store.put_vendor(vendor, ["vat:GB123", "name:acme"])
    assert store.vendors_with(COMPANY, ["name:acme", "vat:GB123", "name:other"]) == [vendor]
    assert store.vendors_with("other", ["name:acme"]) == []

    renamed = a_vendor(name="Zenith Ltd")
    store.put_vendor(renamed, ["vat:GB123", "name:zenith"])

    assert store.vendors_with(COMPANY, ["name:acme"]) == []
    assert store.vendors_with(COMPANY, ["name:zenith"]) == [renamed]


def test_a_deleted_vendor_is_found_by_nothing(store):
    store.put_vendor(a_vendor(), ["vat:GB123"])

    store.delete_vendor(COMPANY, "501")

    assert store.vendors_with(COMPANY, ["vat:GB123"]) == []
    assert store.vendor(COMPANY, "501") is None


def test_a_receipt_is_kept_with_its_order_until_it_is_deleted(store):
    receipt = Receipt(company=COMPANY, id="9", order_id="1001", quantities={1: Decimal(4)})
    store.put_receipt(receipt)
    assert store.receipts(COMPANY, "1001") == [receipt]

    assert store.delete_receipt(COMPANY, "9") == "1001"

    assert store.receipts(COMPANY, "1001") == []
    assert store.delete_receipt(COMPANY, "9") is None


def test_a_bill_of_the_erp_is_found_by_its_vendors_number(store):
    store.put_bill_number(COMPANY, "501", "INV-0042", "812", "cap-1")

    assert store.bills_numbered(COMPANY, "501", "inv 42".replace(" ", "-00")) == {"812": "cap-1"}
    store.delete_bill_number(COMPANY, "501", "INV-0042", "812")
    assert store.bills_numbered(COMPANY, "501", "INV-0042") == {}


def test_sync_goes_on_where_it_stopped(store):
    assert store.sync_progress(COMPANY, "orders") == SyncProgress(kind="orders")
    progress = SyncProgress(kind="orders", since=NOON, after="12-3", records=40)

    store.put_sync_progress(COMPANY, progress)

    assert store.sync_progress(COMPANY, "orders") == progress


def test_a_signed_message_is_new_once(store):
    assert not store.seen_before(COMPANY, "sha256=a", at=NOON)
    assert store.seen_before(COMPANY, "sha256=a", at=NOON)
    assert not store.seen_before(COMPANY, "sha256=b", at=NOON)


def test_a_refused_delivery_is_listed_for_its_company(store):
    delivery = a_delivery(company="unassigned", key="stray.pdf")

    store.refuse_delivery(delivery)
    store.refuse_delivery(delivery)

    assert store.refused_deliveries("unassigned") == [delivery]
    assert store.refused_deliveries(COMPANY) == []


def test_no_more_leases_are_given_than_the_account_has(store):
    with store.lease(COMPANY, most=2, seconds=60), store.lease(COMPANY, most=2, seconds=60):
        with pytest.raises(LeaseRefused), store.lease(COMPANY, most=2, seconds=60):
            pass
        with store.lease("other", most=2, seconds=60):
            pass

    with store.lease(COMPANY, most=1, seconds=60):
        pass


def test_a_lease_whose_holder_died_is_given_again(store):
    abandoned = store.lease(COMPANY, most=1, seconds=-1)
    abandoned.__enter__()

    with store.lease(COMPANY, most=1, seconds=60):
        pass


def test_a_login_that_the_erp_refused_lately_is_given_no_lease(store):
    store.note_login_refused(COMPANY, "a", seconds=60)

    refused = pytest.raises(ErpLoginRefused, match="refused this login lately")
    with refused, store.lease(COMPANY, most=2, seconds=60, login="a"):
        pass


def test_other_credentials_and_other_companies_are_not_held_up_by_a_refused_login(store):
    store.note_login_refused(COMPANY, "a", seconds=60)

    with store.lease(COMPANY, most=1, seconds=60, login="b"), store.lease("other", most=1, seconds=60, login="a"):
        pass


def test_a_refused_login_is_tried_again_after_its_time(store):
    store.note_login_refused(COMPANY, "a", seconds=-1)

    with store.lease(COMPANY, most=1, seconds=60, login="a"):
        pass


# Numbers of open orders


def test_the_numbers_of_open_orders_come_newest_first_up_to_a_limit(store):
    for number, day in ((1, 5), (2, 9), (3, 7)):
        store.save_order(
            an_order(id=str(number), number=f"PO-{number}", vendor_id=str(500 + number), order_date=date(2026, 3, day)),
            read=None,
        )
    store.save_order(an_order(id="4", number="PO-4", order_date=None), read=None)
    store.save_order(an_order(id="5", number="PO-5", company="other", order_date=date(2026, 3, 30)), read=None)

    assert store.open_order_numbers(COMPANY) == ("PO-2", "PO-3", "PO-1", "PO-4")
    assert store.open_order_numbers(COMPANY, limit=2) == ("PO-2", "PO-3")


def test_an_order_is_among_the_open_ones_as_long_as_it_is(store):
    order = store.save_order(an_order(order_date=date(2026, 3, 5)), read=None)

    moved = store.save_order(order.model_copy(update={"number": "PO-1B", "order_date": date(2026, 3, 6)}), read=order)
    assert store.open_order_numbers(COMPANY) == ("PO-1B",)
    closed = store.save_order(moved.model_copy(update={"status": OrderStatus.CLOSED}), read=moved)
    assert store.open_order_numbers(COMPANY) == ()
    opened = store.save_order(closed.model_copy(update={"status": OrderStatus.PENDING_RECEIPT}), read=closed)
    assert store.open_order_numbers(COMPANY) == ("PO-1B",)
    store.delete_order(opened)
    assert store.open_order_numbers(COMPANY) == ()


def test_an_order_that_somebody_else_changed_keeps_its_number_as_they_wrote_it(store):
    order = store.save_order(an_order(), read=None)
    store.save_order(order.model_copy(update={"number": "PO-2"}), read=order)

    with pytest.raises(StaleWrite):
        store.save_order(order.model_copy(update={"status": OrderStatus.CLOSED}), read=order)

    assert store.open_order_numbers(COMPANY) == ("PO-2",)


def test_an_order_that_was_written_before_numbers_stood_together_can_be_put_among_them(store):
    order = an_order()

    store.list_order(order)
    store.list_order(order.model_copy(update={"id": "2", "status": OrderStatus.CLOSED}))

    assert store.open_order_numbers(COMPANY) == (order.number,)


# What was sent back


def a_shipment(**values):
    line = ReturnedLine(line=1, item_id="71", quantity=Decimal(3), return_id="900", return_line=1)
    defaults = {"company": COMPANY, "id": "901", "vendor_id": "501", "shipped_on": date(2026, 3, 5), "lines": (line,)}
    return VendorReturn(**defaults | values)


def with_line(shipment, **values):
    return shipment.model_copy(update={"lines": (shipment.lines[0].model_copy(update=values),)})


def test_what_leads_to_no_order_stands_beside_its_vendor_until_it_is_credited(store):
    shipment = a_shipment()
    store.put_vendor_return(shipment)
    assert store.unlinked_returns(COMPANY, "501") == [shipment] == [store.vendor_return(COMPANY, "901")]
    assert store.unlinked_returns("other", "501") == []

    settled = with_line(shipment, is_settled=True)
    store.put_vendor_return(settled)

    assert store.unlinked_returns(COMPANY, "501") == []
    assert store.vendor_return(COMPANY, "901") == settled


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"order_id": "1001", "order_line": 1}, id="linked"),
        pytest.param({"is_settled": True}, id="credited"),
    ],
)
def test_only_what_waits_without_an_order_stands_beside_its_vendor(store, change):
    store.put_vendor_return(with_line(a_shipment(), **change))
    store.put_vendor_return(a_shipment(id="902", counts=False))

    assert store.unlinked_returns(COMPANY, "501") == []


def test_a_shipment_back_that_changed_or_went_leaves_nothing_behind(store):
    store.put_vendor_return(a_shipment())
    later = a_shipment(shipped_on=date(2026, 3, 9))
    store.put_vendor_return(later)
    assert store.unlinked_returns(COMPANY, "501") == [later]

    store.delete_vendor_return(later)

    assert store.unlinked_returns(COMPANY, "501") == []
    assert store.vendor_return(COMPANY, "901") is None


def test_what_was_learned_of_a_vendor_is_kept_beside_it_and_found_by_the_names_it_was_read_under(store):
    place = PlaceLesson(
        field="due_date",
        form="date",
        length=10,
        anchors=(Anchor(text="terms", left=Decimal("1.5"), right=Decimal(9), down=Decimal(0)),),
    )
    memory = VendorMemory(
        places=(place,),
        columns=(ColumnLesson(head="dax", column="amount"),),
        names=(NameLesson(printed="quibble", name="Quibble Ltd"), NameLesson(printed="", name="Quibble Ltd")),
    )

    store.put_vendor_memory(COMPANY, "v-1", memory)

    assert store.vendor_memory(COMPANY, "v-1") == memory
    assert store.vendors_read_as(COMPANY, "quibble") == ["v-1"]
    assert store.vendors_read_as(COMPANY, "") == [], "a name that is not printed finds nobody"

    store.put_vendor_memory(COMPANY, "v-1", VendorMemory())

    assert store.vendor_memory(COMPANY, "v-1") == VendorMemory()
    assert store.vendors_read_as(COMPANY, "quibble") == []
