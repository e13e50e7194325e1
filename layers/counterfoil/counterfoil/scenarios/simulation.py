"""One scenario played through: what the rules decide, and what becomes of it step by step.

Nothing is decided here: matching, people's actions and the rules on saving a bill are the domain's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from counterfoil.domain import actions, bill_rules
from counterfoil.domain.actions import ActionRefused, Actor, LineAction, Resolution, Right, Stage
from counterfoil.domain.bill_rules import Saving
from counterfoil.domain.claims import claims_of
from counterfoil.domain.decisions import Decision
from counterfoil.domain.matching import match_invoice
from counterfoil.domain.matching_result import InvoiceType, LineMatch, MatchResult, MatchType
from counterfoil.domain.money import plain
from counterfoil.domain.orders import ZERO, OrderLine, OrderStatus, PurchaseOrder
from counterfoil.domain.wording import code_of
from counterfoil.scenarios.erp import ErpRefused, Key, ScenarioErp
from counterfoil.scenarios.node import Node
from counterfoil.scenarios.reader import (
    Case,
    ErpBill,
    ScenarioInvoice,
    coding_as_written,
    node_of,
    order_changes,
    read_bill,
    read_invoice,
    read_receipt,
)

INVOICE_ID = "this invoice"
STATUS_NAMES = {
    OrderStatus.FULLY_BILLED: "fully_billed",
    OrderStatus.PENDING_BILL: "pending_billing",
    OrderStatus.PENDING_BILLING_PARTIALLY_RECEIVED: "partially_received",
    OrderStatus.PARTIALLY_RECEIVED: "partially_received",
    OrderStatus.PENDING_RECEIPT: "pending_receipt",
    OrderStatus.CLOSED: "closed",
    OrderStatus.PENDING_APPROVAL: "draft",
}
ROLES = {
    "ap_manager": actions.AP_MANAGER,
    "invoice_approver": actions.INVOICE_APPROVER,
    "po_invoice_approver": actions.PO_INVOICE_APPROVER,
}


class Simulation:
    """A case under way: the ERP's books, the invoice, what people did, whether its bill is posted."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.erp = ScenarioErp(case.orders, case.receipts, case.bills, bill_in_advance=case.settings.bill_in_advance)
        self.resolution: Resolution = actions.NOTHING_DONE
        self.bill_id: str | None = None
        self.frozen: MatchResult | None = None
        self.sync_error: str | None = None

    # The whole case

    def run(self) -> dict[str, Any]:
        """The case's object, in the shape of the command's output."""
        found: dict[str, Any] = {"id": self.case.id}
        if self.case.invoice is not None:
            result = self.result()
            found |= {
                "lines": [self._line(line) for line in result.lines],
                "approvable": self._approvable(result),
                "invoice_type": result.invoice_type.value,
                "bill_save": self._bill_save(result).value,
                "flags": list(result.flags),
            }
        found["offered_po_lines"] = self._offered()
        found["tracked"] = self._tracked()
        if self.case.concurrent_bills:
            found["saves"] = self._save_concurrently()
        found["steps"] = [self._step(step, index) for index, step in enumerate(self.case.steps)]
        return found

    def result(self) -> MatchResult:
        """The invoice's decision on the books as they are; as it was posted once it is."""
        if self.frozen is not None:
            return self.frozen
        if self.case.invoice is None:
            return MatchResult(invoice_type=InvoiceType.INVOICE, lines=(), approvable=False)
        return self._match(self.case.invoice, self.resolution)

    def _match(self, invoice: ScenarioInvoice, resolution: Resolution) -> MatchResult:
        return match_invoice(
            invoice.captured,
            self.erp.synced(),
            self.case.settings.policy,
            invoice_id=INVOICE_ID,
            vendor_id=invoice.vendor or None,
            prices_include_tax=invoice.prices_include_tax,
            invoice_type=invoice.invoice_type,
            hand_links=resolution.hand_links,
        )

    # What is shown

    def _line(self, line: LineMatch) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "line": line.line,
            "link": line.link,
            "status": line.status.value,
            "conditions": [condition.value for condition in line.conditions],
            "match_type": line.match_type.value if line.match_type else None,
            "explain": line.explain,
            "coding": coding_as_written(line.coding),
        }
        taken = self.resolution.taken.get(line.line)
        if taken is not None:
            shown["action"] = taken.action.value
        return shown

    def _approvable(self, result: MatchResult) -> bool:
        return self.bill_id is None and actions.is_approvable(self.resolution, result)

    def _lines_offered_to(self, vendor: str) -> list[tuple[PurchaseOrder, OrderLine]]:
        policy = self.case.settings.policy
        return [
            (order, line)
            for order in self.erp.synced()
            if not vendor or policy.surviving_vendor(order.vendor_id) == policy.surviving_vendor(vendor)
            for line in order.lines
        ]

    def _offered(self) -> list[str]:
        vendor = self.case.invoice.vendor if self.case.invoice else ""
        return [
            f"{order.number}:{line.line}"
            for order, line in self._lines_offered_to(vendor)
            if bill_rules.is_offered(order, line, self._bill_type(line, None))
        ]

    def _tracked(self) -> dict[str, dict[str, str]]:
        return {
            f"{order.number}:{line}": {name: plain(value) for name, value in each.model_dump().items()}
            for order in self.erp.synced()
            for line, each in bill_rules.tracked(order).items()
        }

    # Saving a bill

    def _bill_type(self, line: OrderLine, decided: MatchType | None) -> MatchType:
        """Two- or three-way by the scenario's rule; where it has none of BILL's, as the line was matched."""
        rule = self.case.settings.rule
        if rule == "centime":
            by_kind = MatchType.THREE_WAY if line.kind.is_received else MatchType.TWO_WAY
            return decided or by_kind
        return MatchType.THREE_WAY if rule == "bill_3way" else MatchType.TWO_WAY

    def _bill_save(self, result: MatchResult) -> Saving:
        wanted: dict[Key, Decimal] = {}
        types: dict[Key, MatchType | None] = {}
        for line in result.lines:
            if not line.links and (rest := self._more_of_one_article(result, line.line)) is not None:
                key, quantity = rest
                wanted[key] = wanted.get(key, ZERO) + quantity
            for link in line.links:
                key = (link.po_number, link.line)
                wanted[key] = wanted.get(key, ZERO) + link.quantity
                types[key] = line.match_type
        return self._saving(wanted, types)

    def _more_of_one_article(self, result: MatchResult, number: int) -> tuple[Key, Decimal] | None:
        """The order line that another line of the bill takes and this one, of the same article, takes more of."""
        billed = {line.line: line for line in self.case.invoice.captured.lines} if self.case.invoice else {}
        line = billed.get(number)
        if line is None or line.quantity is None or not code_of(line.item_code):
            return None
        for other in result.lines:
            twin = billed.get(other.line)
            if other.links and twin is not None and code_of(twin.item_code) == code_of(line.item_code):
                return (other.links[0].po_number, other.links[0].line), line.quantity
        return None

    def _saving(self, wanted: Mapping[Key, Decimal], types: Mapping[Key, MatchType | None]) -> Saving:
        savings = []
        orders = {order.number: order for order in self.erp.synced()}
        for (number, line_number), quantity in wanted.items():
            order = orders.get(number)
            if order is None or not any(line.line == line_number for line in order.lines):
                return Saving.BLOCK
            if not (order.status.is_open or order.status == OrderStatus.FULLY_BILLED):
                return Saving.BLOCK
            line = order.line(line_number)
            own = self.erp.bills[self.bill_id].quantities.get((number, line_number), ZERO) if self.bill_id else ZERO
            match_type = self._bill_type(line, types.get((number, line_number)))
            savings.append(bill_rules.saving(quantity, line, order.billed(line_number) - own, match_type))
        return bill_rules.gravest(savings)

    def _save_concurrently(self) -> list[str]:
        """Bills saved at one instant are still saved one after the other: each sees what the one before took."""
        saves = []
        for index, value in enumerate(self.case.concurrent_bills):
            node = node_of(value, self.case, f"concurrent_bills[{index}]")
            wanted, types = self._wanted(node)
            saved = self._saving(wanted, types)
            saves.append(saved.value)
            if saved != Saving.BLOCK:
                self.erp.post(ErpBill(id=f"concurrent bill {index}", status="posted", quantities=wanted))
        return saves

    def _wanted(self, node: Node) -> tuple[Mapping[Key, Decimal], Mapping[Key, MatchType | None]]:
        """What a bill takes: by its order lines where it names them, else as an invoice that is matched."""
        if all("po_line" in line.mapping() for line in node.at("lines").items()) and node.at("lines").value:
            return read_bill(node_with_orders(node, self._only_order())).quantities, {}
        invoice = read_invoice(node)
        mine = self.case.invoice
        numbers = invoice.captured.po_numbers or (mine.captured.po_numbers if mine else ())
        captured = invoice.captured.model_copy(
            update={
                "po_numbers": numbers,
                "po_number": numbers[0] if numbers else None,
                "currency": invoice.captured.currency or (mine.captured.currency if mine else None),
            }
        )
        vendor = invoice.vendor or (mine.vendor if mine else next(iter(self.erp.orders.values())).vendor)
        result = self._match(ScenarioInvoice(captured=captured, vendor=vendor), actions.NOTHING_DONE)
        wanted: dict[Key, Decimal] = {}
        types: dict[Key, MatchType | None] = {}
        for line in result.lines:
            for link in line.links:
                key = (link.po_number, link.line)
                wanted[key] = wanted.get(key, ZERO) + link.quantity
                types[key] = line.match_type
        return wanted, types

    def _only_order(self) -> str:
        return next(iter(self.erp.orders), "")

    # Steps

    def _step(self, step: Mapping[str, Any], index: int) -> dict[str, Any]:
        node = node_of(step, self.case, f"steps[{index}]")
        done = STEPS.get(node.at("do").text())
        if done is None:
            raise node.at("do").wrong(f"{step.get('do')!r} is none of {', '.join(sorted(STEPS))}")
        found: dict[str, Any] = {"do": step["do"], "refused": False}
        try:
            done(self, node)
        except (ActionRefused, ErpRefused) as refusal:
            found |= {"refused": True, "reason": str(refusal)}
        result = self.result()
        if self.bill_id is None:
            self.resolution = actions.standing(self.resolution, result)
        found |= {
            "approvable": self._approvable(result),
            "lines": [self._line(line) for line in result.lines],
            "invoice_actions": [action.value for action in self._invoice_actions(result)],
            "po_status": {order.number: STATUS_NAMES[self.erp.status(order)] for order in self.erp.orders.values()},
            "po_billed": {
                f"{order.number}:{line.line}": plain(self.erp.billed((order.number, line.line)))
                for order in self.erp.orders.values()
                for line in order.lines
            },
            "bill_links": self._bill_links(node),
            "bills_in_erp": self.erp.bills_counted(),
            "sync_error": self.sync_error,
            "bill_save": self._bill_save(result).value,
            "flags": list(result.flags),
            "tracked": self._tracked(),
            "offered_po_lines": self._offered(),
        }
        return found

    def _invoice_actions(self, result: MatchResult) -> tuple[actions.InvoiceAction, ...]:
        stage = Stage.POSTED if self.bill_id is not None else Stage.READY_FOR_APPROVAL
        return actions.invoice_actions(self.resolution, result, stage)

    def _bill_links(self, node: Node) -> list[str]:
        """The order lines of the bill that the step names, else of this invoice's own."""
        named = node.at("bill").text_or_none() if isinstance(node.at("bill").value, str) else None
        bill = self.erp.bills.get(self._bill_named(named) if named else self.bill_id or "")
        return [f"{number}:{line}" for number, line in bill.quantities] if bill else []

    def _actor(self, node: Node) -> Actor:
        role = node.at("role").text_or_none()
        entitlements = [each.text() for each in node.at("entitlements").items()]
        listed = node.at("entitlements").value is not None
        if role is None and not listed:
            return actions.AP_MANAGER
        if role is not None and role not in ROLES:
            raise node.at("role").wrong(f"{role!r} is none of {', '.join(ROLES)}")
        actor = ROLES[role] if role else actions.INVOICE_APPROVER
        held = {Right(name) for name in entitlements if name in list(Right)}
        return Actor(rights=actor.rights | held)

    def _order_line_number(self, node: Node) -> Key:
        number, _, line = node.text().rpartition(":")
        if not number or not line.isdecimal():
            raise node.wrong("an order line like PO-1:2 is expected")
        return number, int(line)

    def _action(self, node: Node) -> None:
        self._not_posted()
        name = node.at("action").text()
        if name not in list(LineAction):
            raise node.at("action").wrong(f"{name!r} is none of {', '.join(LineAction)}")
        number = node.at("line").whole()
        if name == LineAction.UNLINK:
            self._link_by_hand(number, (), self._actor(node))
            return
        self.resolution = actions.act(self.resolution, self.result(), number, LineAction(name), self._actor(node))

    def _link(self, node: Node) -> None:
        self._not_posted()
        targets = node.at("to").text().split("+")
        keys = [self._order_line_number(Node(each.strip(), node.file, f"{node.place}.to", [])) for each in targets]
        self._link_by_hand(node.at("line").whole(), tuple(keys), self._actor(node))

    def _unlink(self, node: Node) -> None:
        self._not_posted()
        self._link_by_hand(node.at("line").whole(), (), self._actor(node))

    def _link_by_hand(self, number: int, keys: tuple[Key, ...], actor: Actor) -> None:
        """Link, and take it back when the order lines turn out not to be ones that can be billed."""
        can_edit = self.case.settings.policy.approvers_can_edit
        linked = actions.link(self.resolution, self.result(), number, keys, actor, approvers_can_edit=can_edit)
        if self.case.invoice is not None and keys:
            after = actions.line_of(self._match(self.case.invoice, linked), number)
            if {(link.order_id, link.line) for link in after.links} != set(keys):
                raise ActionRefused("cannot_be_billed", f"line {number} cannot be linked to that order line")
        self.resolution = linked

    def _rerun(self, node: Node) -> None:
        self._not_posted()
        can_edit = self.case.settings.policy.approvers_can_edit
        self.resolution = actions.rerun(self._actor(node), approvers_can_edit=can_edit)

    def _not_posted(self) -> None:
        if self.bill_id is not None:
            raise ActionRefused("posted", "the invoice is posted")

    def _receipt(self, node: Node) -> None:
        self.erp.receive(read_receipt(node.at("receipt")))

    def _delete_receipt(self, node: Node) -> None:
        self.erp.delete_receipt((node.at("id") if "id" in node.mapping() else node.at("receipt")).text())

    def _change_order(self, node: Node) -> None:
        if "po_line" not in node.mapping():
            self.erp.change_order(node.at("po_number").text(), order_changes(node.at("set")))
            return
        key = (node.at("po_number").text(), node.at("po_line").whole())
        line = self.erp.order_line(key)
        if line is None:
            raise ErpRefused(f"order {key[0]} has no line {key[1]}")
        self.erp.change_line(key, changed_line(line, node.at("set")))

    def _close_order(self, node: Node) -> None:
        self.erp.close_order(node.at("po_number").text())

    def _delete_order(self, node: Node) -> None:
        self.erp.delete_order(node.at("po_number").text())

    def _post_bill(self, node: Node) -> None:
        self.erp.post(read_bill(node.at("bill")))

    def _approve_and_post(self, node: Node) -> None:
        self._not_posted()
        if not self._actor(node).may(Right.APPROVE):
            raise ActionRefused("not_entitled", "approving takes the right to approve")
        if not self._approvable(self.result()):
            raise ActionRefused("not_resolved", "a line is not resolved")
        self._post(lose_response=node.at("lose_response").flag(False))

    def _post(self, *, lose_response: bool = False) -> None:
        """Post under the invoice's own id, so that the same again finds what is there."""
        result = self.result()
        own_id = self._own_id()
        if own_id not in self.erp.bills:
            taken = claims_of(result, accepted=actions.accepted(self.resolution))
            quantities = {(order, line): part for order, lines in taken.items() for line, part in lines.items()}
            try:
                self.erp.check_bill(quantities)
            except ErpRefused as refusal:
                self.sync_error = str(refusal)
                return
            self.erp.post(ErpBill(id=own_id, status="posted", quantities=quantities))
        self.frozen = result
        self.bill_id = own_id
        self.sync_error = "the ERP's reply was lost" if lose_response else None

    def _own_id(self) -> str:
        invoice = self.case.invoice
        return f"bill of {invoice.captured.invoice_number if invoice else ''}"

    def _retry_post(self, _: Node) -> None:
        """Posting again: looked up first, so a bill that is there is found and not made twice."""
        if self.bill_id is not None:
            self.sync_error = None
            return
        if self.sync_error is None:
            raise ActionRefused("not_posted", "nothing was posted that could be tried again")
        if not self._approvable(self.result()):
            raise ActionRefused("not_resolved", "a line is not resolved")
        self._post()

    def _bill_named(self, name: str) -> str:
        """A bill by its id, this invoice's own also by the invoice's number."""
        if name in self.erp.bills or self.case.invoice is None:
            return name
        number = self.case.invoice.captured.invoice_number or ""
        return self._own_id() if name in (number, f"B-{number}") else name

    def _unlink_bill(self, _: Node) -> None:
        raise ActionRefused("bill_linked", "a bill keeps its order; delete it and enter a new one")

    def _delete_bill(self, node: Node) -> None:
        bill_id = self._bill_named(node.at("bill").text(self._own_id()))
        self.erp.delete_bill(bill_id)
        if bill_id == self.bill_id:
            self.bill_id = self.frozen = self.sync_error = None


def node_with_orders(node: Node, number: str) -> Node:
    """A bill whose lines name no order, with the order that there is."""
    value = {"id": "bill", "po_number": number} | dict(node.mapping())
    return Node(value, node.file, node.place, node.unknown)


def changed_line(line: OrderLine, changes: Node) -> OrderLine:
    """An order line with what a step sets on it."""
    changes.knows("rate quantity amount uom item description closed vendor_item kind")
    names = {"rate": "rate", "quantity": "quantity", "amount": "amount"}
    update: dict[str, Any] = {names[key]: changes.at(key).number() for key in names if key in changes.mapping()}
    texts = {"uom": "unit", "item": "item_code", "description": "description", "vendor_item": "vendor_item_code"}
    update |= {texts[key]: changes.at(key).text_or_none() for key in texts if key in changes.mapping()}
    if "closed" in changes.mapping():
        update["is_closed"] = changes.at("closed").flag(False)
    changed = line.model_copy(update=update)
    if line.is_expense or "amount" in update:
        return changed
    return changed.model_copy(update={"amount": changed.quantity * changed.rate})


STEPS: dict[str, Callable[[Simulation, Node], None]] = {
    "action": Simulation._action,
    "link": Simulation._link,
    "unlink": Simulation._unlink,
    "rerun_linking": Simulation._rerun,
    "receipt": Simulation._receipt,
    "delete_receipt": Simulation._delete_receipt,
    "change_po": Simulation._change_order,
    "close_po": Simulation._close_order,
    "delete_po": Simulation._delete_order,
    "post_bill": Simulation._post_bill,
    "approve_and_post": Simulation._approve_and_post,
    "retry_post": Simulation._retry_post,
    "unlink_bill": Simulation._unlink_bill,
    "delete_bill": Simulation._delete_bill,
}


def decision_of(case: Case) -> Decision:
    """A scenario's decision with all it was made on, as a stored one is."""
    simulation = Simulation(case)
    invoice = case.invoice
    if invoice is None:
        raise ValueError(f"case {case.id} has no invoice")
    return Decision(
        invoice_id=case.id,
        vendor_id=invoice.vendor or None,
        captured=invoice.captured,
        orders=tuple(simulation.erp.synced()),
        policy=case.settings.policy,
        result=simulation.result(),
        prices_include_tax=invoice.prices_include_tax,
        invoice_type=invoice.invoice_type,
    )


def run(case: Case) -> dict[str, Any]:
    """What comes of a case. `ScenarioUnreadable` when a step makes no sense."""
    return Simulation(case).run()
