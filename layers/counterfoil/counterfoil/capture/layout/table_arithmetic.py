"""Quantity × price = amount as the judge over readings of a row, of the columns and of the rows that only sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from itertools import permutations

from counterfoil.capture.layout.table_cells import Number, RowCells
from counterfoil.capture.layout.table_columns import Column

ZERO = Decimal(0)
HUNDRED = Decimal(100)
CENT = Decimal("0.01")
# Prices of small parts are often for ten, a hundred or a thousand.
PRICE_BASES = (Decimal(1), Decimal(100), Decimal(1000), Decimal(10))
NUMBERS_TRIED_MAX = 7
PRICE_STEP = Decimal("0.0001")
QUANTITY_STEP = Decimal("0.001")
AMOUNTS = ("amount", "gross_amount")
FACTORS = ("quantity", "unit_price")
# Columns are read anew only on the word of this many rows, and of so large a share of them.
ROWS_ASKED_MAX = 12
SHARE_AGREEING = 0.8


def decided(values: dict[str, Number], numbers: list[Number]) -> dict[str, Number]:
    """The columns' reading when it multiplies out; else another order of the same numbers that does."""
    complete = all(kind in values for kind in (*FACTORS, "amount"))
    if fits(values) or complete or len(numbers) > NUMBERS_TRIED_MAX:
        return values
    amount = values.get("amount") or values.get("gross_amount") or (numbers[-1] if numbers else None)
    if amount is None:
        return values
    plain = [number for number in numbers if not number.amount.is_percent and number is not amount]
    taken = [number for kind, number in values.items() if kind not in (*FACTORS, *AMOUNTS)]
    tries = [
        {**values, "quantity": quantity, "unit_price": price, "amount": amount}
        for quantity, price in permutations(plain, 2)
        if not quantity.amount.symbol and quantity not in taken and price not in taken
    ]
    kept = [kind for kind in FACTORS if kind in values]
    fitting = [tried for tried in tries if all(tried[kind] is values[kind] for kind in kept) and fits(tried)]
    if not kept:
        fitting.sort(key=lambda tried: (not tried["quantity"].unit, -tried["unit_price"].amount.decimals))
    return fitting[0] if fitting else values


def fits(values: dict[str, Number]) -> bool | None:
    """Whether quantity × price (less discount) is the amount; None when one of them is missing."""
    if not {"quantity", "unit_price"} <= values.keys() or not {"amount", "gross_amount"} & values.keys():
        return None
    return price_base(values) is not None


def price_base(values: dict[str, Number]) -> Decimal | None:
    """For how many units the price is so that it multiplies out (as printed, 1, 100 …); None when it does for none."""
    quantity, price = values.get("quantity"), values.get("unit_price")
    amounts = [values[kind] for kind in AMOUNTS if kind in values]
    if quantity is None or price is None:
        return None
    product = quantity.amount.value * price.amount.value
    slack = max(CENT, abs(quantity.amount.value) * Decimal(1).scaleb(-max(2, price.amount.decimals)) / 2)
    printed = values.get("price_base")
    bases = (printed.amount.value, *PRICE_BASES) if printed is not None and printed.amount.value > 0 else PRICE_BASES
    for base in bases:
        for off in _reductions(values, product / base, quantity.amount.value):
            if any(abs(product / base - off - amount.amount.value) <= slack / base for amount in amounts):
                return base
    return None


def _reductions(values: dict[str, Number], product: Decimal, quantity: Decimal) -> tuple[Decimal, ...]:
    """What a printed discount may take off: a rate, an amount, an amount for each unit, or nothing more."""
    discount = values.get("discount")
    if discount is None:
        return (ZERO,)
    value = abs(discount.amount.value)
    rate = product * value / HUNDRED
    if discount.amount.is_percent:
        return (rate, ZERO)
    return (rate, value, value * quantity, ZERO)


def with_rows_below(values: dict[str, Number], below: Sequence[RowCells]) -> dict[str, Number]:
    """The reading with a price or discounts from the rows below it, where only that multiplies out.

    A price goes down in steps there (`20.00`, `- 1.00`, `= 19.00`), never beside words, which would say what else it
    is; discounts and charges of one line add up.
    """
    prices = [number for cells in below if not cells.texts.get("description") for number in _money(cells, "unit_price")]
    discounts = [values["discount"]] if "discount" in values else []
    discounts += [number for cells in below for number in _money(cells, "discount")]
    for price in (values["unit_price"], *prices):
        for discount in (*discounts, *([_added(discounts)] if len(discounts) > 1 else ()), None):
            tried = {**values, "unit_price": price} | ({"discount": discount} if discount else {})
            if fits(tried):
                return tried
    return values


def _money(cells: RowCells, kind: str) -> list[Number]:
    number = cells.numbers.get(kind)
    return [number] if number is not None and number.amount.decimals and not number.is_inside else []


def _added(discounts: Sequence[Number]) -> Number:
    """Several reductions and charges of one line as one."""
    total = sum((discount.amount.value for discount in discounts), ZERO)
    return replace(discounts[0], amount=replace(discounts[0].amount, value=total, is_percent=False))


def unrounded(values: dict[str, Number]) -> dict[str, Decimal]:
    """The price or quantity that was printed rounded, as the other two numbers give it; empty when none was.

    A price counts as rounded when the exact one has up to four decimals and rounds to the printed one; a whole quantity
    when the exact one has up to three. Whether a quantity was rounded or something was taken off stays in doubt.
    """
    agrees = fits(values)
    if agrees is None or "discount" in values or "amount" not in values:
        return {}
    quantity, price, amount = (values[kind].amount for kind in (*FACTORS, "amount"))
    base = (price_base(values) if agrees else None) or Decimal(1)
    if not quantity.value or not price.value or abs(quantity.value * price.value / base - amount.value) <= CENT:
        return {}
    exact = amount.value * base / quantity.value
    if exact == exact.quantize(PRICE_STEP) and _rounds_to(exact, price.value, price.decimals):
        return {"unit_price": exact.quantize(PRICE_STEP).normalize()}
    exact = amount.value / price.value
    is_short = exact == exact.quantize(QUANTITY_STEP)
    if not agrees and not quantity.decimals and is_short and _rounds_to(exact, quantity.value, 0):
        return {"quantity": exact.quantize(QUANTITY_STEP).normalize()}
    return {}


def _rounds_to(exact: Decimal, printed: Decimal, decimals: int) -> bool:
    step = Decimal(1).scaleb(-decimals)
    return any(exact.quantize(step, rounding) == printed for rounding in (ROUND_HALF_UP, ROUND_HALF_EVEN))


def columns_reread(columns: list[Column], rows: Sequence[RowCells]) -> bool:
    """Give the numeric columns other kinds when most rows then multiply out and do not as they are; true if changed."""
    rows = [cells for cells in rows if len(cells.numbers) >= 3][:ROWS_ASKED_MAX]
    if len(rows) < 2:
        return False
    asked = [cells for cells in rows if fits(cells.numbers)]
    if len(asked) >= SHARE_AGREEING / 2 * len(rows):
        return False
    numeric = [column for column in columns if column.is_numeric and column.kind not in ("tax_rate", "discount")]
    best: tuple[tuple[int, int], tuple[Column, ...]] | None = None
    for chosen in permutations(numeric, 3):
        kinds = [column.kind for column in chosen]
        if sum(kind not in ("unknown", wanted) for kind, wanted in zip(kinds, (*FACTORS, "amount"), strict=True)) > 2:
            continue
        agreeing = sum(_multiplies(cells, kinds) for cells in rows)
        kept = sum(kind == wanted for kind, wanted in zip(kinds, (*FACTORS, "amount"), strict=True))
        if agreeing >= SHARE_AGREEING * len(rows) and (best is None or (agreeing, kept) > best[0]):
            best = ((agreeing, kept), chosen)
    if best is None:
        return False
    for column in numeric:
        if column.kind in (*FACTORS, "amount"):
            column.kind = "unknown"
    for column, kind in zip(best[1], (*FACTORS, "amount"), strict=True):
        column.kind = kind
    return True


def _multiplies(cells: RowCells, kinds: list[str]) -> bool:
    found = [cells.numbers.get(kind) for kind in kinds]
    if any(number is None or number.amount.is_percent for number in found):
        return False
    return bool(fits(dict(zip((*FACTORS, "amount"), (n for n in found if n is not None), strict=True))))
