"""The vendor's tax id and bank account: found by label and form, believed by check digits."""

from __future__ import annotations

import re
from itertools import islice

from counterfoil.capture.identifiers import compact, is_iban, is_vat_id, looks_like_vat_id
from counterfoil.capture.layout.blocks import Block
from counterfoil.capture.layout.labels import Label, cut
from counterfoil.capture.layout.page_context import Candidate, Context
from counterfoil.capture.layout.values import CODES, SYMBOLS, amount_of, dates_in
from counterfoil.capture.layout.words import Word

TAX_NUMBER = re.compile(r"^[A-Z0-9][A-Z0-9./-]{6,19}$", re.IGNORECASE)
TAX_ID_GROUPS_MAX = 6
# Digits written apart belong together while they come in groups no longer than this.
DIGIT_GROUP_MAX = 4
# Norway and Switzerland write the tax behind the number.
TAX_SUFFIXES = ("MVA", "MWST", "TVA", "IVA")
TAX_DIGITS_MIN = 6
VALID, EUROPEAN, OTHER, BARE = 0.93, 0.82, 0.8, 0.7
# Two labelled ids that both may be the vendor's, whatever their check digits: a person has to choose.
AMBIGUOUS, RIVAL_MARGIN = 0.6, 0.135
IBAN_GROUPS_MAX = 10
IBAN_LENGTH_MAX = 34


def tax_ids(context: Context, blocks: list[Block]) -> list[Candidate[str]]:
    """Tax ids that may be the vendor's, the likeliest first; a European one with right check digits is believed most.

    Labelled ones outside the buyer's block, or else European ones with right check digits that no other label claims.
    """
    taken = [block for block in blocks if block.kind in ("buyer", "delivery")]
    own = {compact(tax_id) for tax_id in context.own.tax_ids} | _tax_ids_of(taken)
    found: list[Candidate[str]] = []
    for label in context.labelled.of("vendor_vat_id"):
        words = context.labelled.right_of(label)
        for part in [*([cut(words)[0]] if words else []), *islice(context.labelled.below(label), 1)]:
            read = _tax_id(part)
            if read is None or compact(read[0]) in own or _is_money(context, label, read[1]):
                continue
            text, used = read
            if any(block.contains(used[0]) for block in taken):
                continue
            is_european = looks_like_vat_id(text)
            score = (VALID if is_vat_id(text) else EUROPEAN) if is_european else OTHER
            found.append(Candidate(compact(text) if is_european else text, score, used))
            break
    found = found or _bare_vat_ids(context, own, taken)
    return sorted(found, key=lambda candidate: -candidate.score)


def chosen_tax_id(
    found: list[Candidate[str]], vendor_column: list[Word], buyer_column: list[Word]
) -> Candidate[str] | None:
    """The best id; of several as good the one under the vendor's name, else one in doubt. None of the buyer's column.

    A column is the words that stand closely under a party's name.
    """
    of_vendor, of_buyer = {id(word) for word in vendor_column}, {id(word) for word in buyer_column}
    left = [one for one in found if id(one.words[0]) not in of_buyer or id(one.words[0]) in of_vendor]
    if not left:
        return None
    best = left[0]
    rivals = [
        other for other in left if not _is_same(other.value, best.value) and other.score > best.score - RIVAL_MARGIN
    ]
    if not rivals:
        return best
    under = [one for one in (best, *rivals) if id(one.words[0]) in of_vendor]
    return under[0] if under else Candidate(best.value, best.score * AMBIGUOUS, best.words)


def _is_same(one: str, other: str) -> bool:
    """Equal, or the same number with and without its country or what some countries write behind it."""
    first, second = compact(one), compact(other)
    return first in second or second in first


def _is_money(context: Context, label: Label, words: list[Word]) -> bool:
    """`VAT 1237.92` and `VAT 200000 JPY` name the tax, not its number."""
    if any(word.text in CODES or word.text in SYMBOLS for word in words):
        return True
    meanings = [other.meaning.field for other in context.labelled.labels[label.row] if other.start == label.start]
    amount = amount_of("".join(word.text for word in words), context.decimal)
    return amount is not None and (amount.decimals == 2 or ("tax_total" in meanings and 0 < amount.decimals < 3))


def _tax_ids_of(blocks: list[Block]) -> set[str]:
    """European tax ids inside blocks: they are these parties' wherever else they stand."""
    texts = {compact(word.text.strip(".,;:()")) for block in blocks for line in block.lines for word in line}
    return {text for text in texts if looks_like_vat_id(text) and sum(map(str.isdigit, text)) >= TAX_DIGITS_MIN}


def _tax_id(words: list[Word]) -> tuple[str, list[Word]] | None:
    """The tax id that opens the words, its groups joined: right check digits decide how many belong to it."""
    texts = [word.text.strip(".,;:()|") for word in words[:TAX_ID_GROUPS_MAX]]
    longest: tuple[str, list[Word]] | None = None
    for count in range(1, len(texts) + 1):
        if count > 1 and not texts[count - 1].isalnum():
            break
        text = "".join(texts[:count])
        if sum(map(str.isdigit, text)) < TAX_DIGITS_MIN:
            continue
        if looks_like_vat_id(text):
            longest = (" ".join(texts[:count]), words[:count])
            if is_vat_id(text):
                return longest
        elif (longest is None or _are_digit_groups(texts[:count])) and _is_tax_number(text):
            longest = (" ".join(texts[:count]), words[:count])
        after = texts[count] if count < len(texts) else ""
        if count > 1 and after and not after[:1].isdigit() and after not in TAX_SUFFIXES:
            break
    return longest


def _is_tax_number(text: str) -> bool:
    return TAX_NUMBER.match(text) is not None and not dates_in(text, day_first=True)


def _are_digit_groups(texts: list[str]) -> bool:
    return all(text.isdigit() and len(text) <= DIGIT_GROUP_MAX for text in texts)


def _bare_vat_ids(context: Context, own: set[str], taken: list[Block]) -> list[Candidate[str]]:
    others = {id(word) for label in context.labelled.of("other") for word in _value_of(context, label)}
    found = []
    for row in context.labelled.tokens:
        for word in row:
            text = word.text.strip(".,;:()")
            if not (looks_like_vat_id(text) and is_vat_id(text)) or id(word) in others or compact(text) in own:
                continue
            if not any(block.contains(word) for block in taken):
                found.append(Candidate(text, BARE, [word]))
    return found


def _value_of(context: Context, label: Label) -> list[Word]:
    return context.labelled.right_of(label) or next(context.labelled.below(label), [])


def ibans_in(context: Context) -> dict[str, list[Word]]:
    """Every account number on the pages whose check digits hold, with its words."""
    found: dict[str, list[Word]] = {}
    for row in context.labelled.tokens:
        for place, word in enumerate(row):
            start = compact(word.text)
            if not (start[:2].isalpha() and (start[2:4].isdigit() or len(start) == 2)):
                continue
            text = ""
            for end in range(place, min(place + IBAN_GROUPS_MAX, len(row))):
                text += compact(row[end].text.strip(".,;:"))
                if len(text) > IBAN_LENGTH_MAX:
                    break
                if is_iban(text):
                    found.setdefault(text, row[place : end + 1])
                    break
    return found


def vendor_iban(context: Context, blocks: list[Block]) -> Candidate[str] | None:
    """The vendor's account: the first one outside the buyer's block; in doubt when there are several."""
    taken = [block for block in blocks if block.kind in ("buyer", "delivery")]
    own = [
        (iban, words)
        for iban, words in ibans_in(context).items()
        if not any(block.contains(words[0]) for block in taken)
    ]
    if not own:
        return None
    return Candidate(own[0][0], 0.97 if len(own) == 1 else 0.75, own[0][1])
