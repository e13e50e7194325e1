"""A table and a bucket in memory, for tests that need thousands of calls: as much of DynamoDB and S3 as the store and
the files use, with what the real ones do to callers: conditions, transactions that happen whole or not at all, a stream
in order, and indexes that lag behind. `tests/store` holds it to the same rules as moto and the local cloud.
"""

from __future__ import annotations

import copy
import io
import operator
import re
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

Item = dict[str, Any]
Key = tuple[str, str]

PAGE_ITEMS_MAX = 1000
INDEXES = ("listing", "lookup")
COMPARISONS = {"=": operator.eq, "<": operator.lt, "<>": operator.ne}
# Parentheses that group, not those of a function's arguments.
GROUP = re.compile(r"(?<!\w)\(((?:[^()]|\w\([^()]*\))*)\)")


def failed(code: str, operation: str, **more: Any) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}, **more}, operation)


class MemoryTable:
    """`is_stale()` says, at each query of an index, whether it shows the state before the last change of an item."""

    def __init__(self, is_stale: Callable[[], bool] = lambda: False) -> None:
        self._items: dict[Key, Item] = {}
        self._before: dict[Key, Item | None] = {}
        self._is_stale = is_stale
        self.changes: list[tuple[Item | None, Item | None]] = []
        self.exceptions = None

    def items_of(self, entity: str) -> list[Item]:
        """All items of a kind, as they are."""
        return [item for item in self._items.values() if item.get("entity") == {"S": entity}]

    def get_item(self, *, TableName: str, Key: Item, ConsistentRead: bool = False) -> Item:
        found = self._items.get(_key(Key))
        return {"Item": found} if found is not None else {}

    def put_item(
        self,
        *,
        TableName: str,
        Item: Item,
        ConditionExpression: str | None = None,
        ExpressionAttributeValues: Item | None = None,
    ) -> Item:
        self._require(_key(Item), ConditionExpression, {}, ExpressionAttributeValues or {}, "PutItem")
        self._write(_key(Item), Item)
        return {}

    def delete_item(self, *, TableName: str, Key: Item) -> Item:
        self._write(_key(Key), None)
        return {}

    def update_item(
        self,
        *,
        TableName: str,
        Key: Item,
        UpdateExpression: str,
        ConditionExpression: str | None = None,
        ExpressionAttributeNames: dict[str, str] | None = None,
        ExpressionAttributeValues: Item,
    ) -> Item:
        key, names = _key(Key), ExpressionAttributeNames or {}
        self._require(key, ConditionExpression, names, ExpressionAttributeValues, "UpdateItem")
        item = dict(self._items.get(key, Key))
        verb, _, rest = UpdateExpression.partition(" ")
        for part in rest.split(","):
            name, _, value = (word.strip() for word in part.partition("="))
            if verb == "SET":
                item[names.get(name, name)] = ExpressionAttributeValues[value]
            else:
                item.pop(names.get(name, name), None)
        self._write(key, item)
        return {}

    def query(
        self,
        *,
        TableName: str,
        KeyConditionExpression: str,
        ExpressionAttributeValues: Item,
        IndexName: str | None = None,
        ScanIndexForward: bool = True,
        ConsistentRead: bool = False,
        Limit: int = PAGE_ITEMS_MAX,
        ExclusiveStartKey: Item | None = None,
    ) -> Item:
        names = (f"{IndexName}_pk", f"{IndexName}_sk") if IndexName else ("pk", "sk")
        found = [
            (item[names[1]]["S"], key, item)
            for key, item in self._seen(IndexName)
            if names[0] in item and _holds(KeyConditionExpression, item, {}, ExpressionAttributeValues)
        ]
        found.sort(key=lambda entry: entry[:2], reverse=not ScanIndexForward)
        if ExclusiveStartKey is not None:
            start = (ExclusiveStartKey[names[1]]["S"], _key(ExclusiveStartKey))
            found = [entry for entry in found if (entry[:2] > start) == ScanIndexForward and entry[:2] != start]
        page = [item for _, _, item in found[:Limit]]
        answer: Item = {"Items": page}
        if len(found) > Limit:
            answer["LastEvaluatedKey"] = {name: page[-1][name] for name in {"pk", "sk", *names}}
        return answer

    def batch_get_item(self, *, RequestItems: Item) -> Item:
        [(table, asked)] = RequestItems.items()
        found = (self._items.get(_key(key)) for key in asked["Keys"])
        return {"Responses": {table: [item for item in found if item is not None]}}

    def transact_write_items(self, *, TransactItems: list[Item]) -> Item:
        writes = [next(iter(item.items())) for item in TransactItems]
        keys = [_key(write.get("Item") or write["Key"]) for _, write in writes]
        assert len(set(keys)) == len(keys), "a transaction may name an item once"
        reasons = [
            {"Code": "None" if self._allows(key, write) else "ConditionalCheckFailed"}
            for key, (_, write) in zip(keys, writes, strict=True)
        ]
        if any(reason["Code"] != "None" for reason in reasons):
            raise failed("TransactionCanceledException", "TransactWriteItems", CancellationReasons=reasons)
        for key, (what, write) in zip(keys, writes, strict=True):
            if what != "ConditionCheck":
                self._write(key, write.get("Item"))
        return {}

    def _allows(self, key: Key, write: Item) -> bool:
        condition = write.get("ConditionExpression")
        return condition is None or _holds(
            condition, self._items.get(key, {}), {}, write.get("ExpressionAttributeValues", {})
        )

    def _require(self, key: Key, condition: str | None, names: dict[str, str], values: Item, operation: str) -> None:
        if condition is not None and not _holds(condition, self._items.get(key, {}), names, values):
            raise failed("ConditionalCheckFailedException", operation)

    def _write(self, key: Key, item: Item | None) -> None:
        old = self._items.get(key)
        new = copy.deepcopy(item)
        if old == new:
            return
        self._before[key] = old
        if new is None:
            del self._items[key]
        else:
            self._items[key] = new
        self.changes.append((old, new))

    def _seen(self, index: str | None) -> list[tuple[Key, Item]]:
        if index is None or not self._is_stale():
            return list(self._items.items())
        lagging = {**self._items, **{key: item for key, item in self._before.items() if item is not None}}
        return [entry for entry in lagging.items() if self._before.get(entry[0], entry[1]) is not None]


class MemoryBucket:
    """A versioned bucket: what was put is there at its version."""

    def __init__(self) -> None:
        self._objects: dict[tuple[str, str], bytes] = {}

    def put_object(self, *, Key: str, Body: bytes) -> Item:
        version = f"v{len(self._objects) + 1}"
        self._objects[Key, version] = Body
        return {"VersionId": version}

    def get_object(self, *, Bucket: str, Key: str, VersionId: str) -> Item:
        content = self._objects.get((Key, VersionId))
        if content is None:
            raise failed("NoSuchVersion", "GetObject")
        return {"Body": io.BytesIO(content), "ContentLength": len(content)}


def _key(item: Item) -> Key:
    return item["pk"]["S"], item["sk"]["S"]


def _holds(condition: str, item: Item, names: dict[str, str], values: Item) -> bool:
    """Whether a condition of the store's is true of an item; one that is not understood is an error, not a yes.

    `(a OR b) AND c` may be in parentheses, one level deep.
    """
    for group in GROUP.findall(condition):
        condition = condition.replace(f"({group})", str(_holds(group, item, names, values)))
    return any(
        all(_is_true(term.strip(), item, names, values) for term in alternative.split(" AND "))
        for alternative in condition.split(" OR ")
    )


def _is_true(term: str, item: Item, names: dict[str, str], values: Item) -> bool:
    if term in ("True", "False"):
        return term == "True"
    if found := re.fullmatch(r"attribute_not_exists\((\S+)\)", term):
        return names.get(found[1], found[1]) not in item
    if found := re.fullmatch(r"begins_with\((\w+), (:\w+)\)", term):
        return found[1] in item and _plain(item[found[1]]).startswith(_plain(values[found[2]]))
    if found := re.fullmatch(r"(\S+) (=|<|<>) (:\w+)", term):
        name = names.get(found[1], found[1])
        return name in item and COMPARISONS[found[2]](_plain(item[name]), _plain(values[found[3]]))
    raise AssertionError(f"a condition that the memory table does not know: {term!r}")


def _plain(value: Item) -> Any:
    [(kind, content)] = value.items()
    return int(content) if kind == "N" else content
