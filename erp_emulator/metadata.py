"""`metadata-catalog`: which record types there are, and each one's JSON schema and OpenAPI description."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from erp_emulator import codes
from erp_emulator.catalog import Catalog
from erp_emulator.errors import method_not_allowed, nonexistent_type
from erp_emulator.http import Reply, Request
from erp_emulator.inputs import family_of
from erp_emulator.schema import Field, RecordType, Sublist
from erp_emulator.schema_types import BY_LOWER

CATALOG = "/services/rest/record/v1/metadata-catalog"
SCHEMA_MEDIA = "application/schema+json"
OPENAPI_MEDIA = "application/swagger+json"
REFS = f"{CATALOG}/"
FAMILY_TYPES = {"item": "inventoryItem", "entity": "vendor", "transaction": "purchaseOrder"}
COMMON: dict[str, dict[str, Any]] = {
    "nsLink": {
        "type": "object",
        "properties": {
            "rel": {"title": "Relationship", "type": "string", "readOnly": True},
            "href": {"title": "Hypertext Reference", "type": "string", "format": "URI", "readOnly": True},
        },
    },
    "nsResource": {
        "type": "object",
        "properties": {
            "id": {"title": "Internal identifier", "type": "string"},
            "refName": {"title": "Reference Name", "type": "string"},
            "externalId": {"title": "External identifier", "type": "string"},
            "links": {"title": "Links", "type": "array", "readOnly": True, "items": {"$ref": f"{CATALOG}/nsLink"}},
        },
    },
    "nsResourceCollection": {
        "type": "object",
        "properties": {
            "links": {"title": "Links", "type": "array", "readOnly": True, "items": {"$ref": f"{CATALOG}/nsLink"}},
            "totalResults": {"title": "Total Results", "type": "integer", "format": "int64", "readOnly": True},
            "count": {"title": "Count", "type": "integer", "format": "int64", "readOnly": True},
            "hasMore": {"title": "Has More Results", "type": "boolean", "readOnly": True},
            "offset": {"title": "Query Offset", "type": "integer", "format": "int64", "readOnly": True},
        },
    },
    "nsError": {
        "type": "object",
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "o:errorDetails": {"type": "array", "items": {"type": "object"}},
        },
    },
}


def answer(catalog: Catalog, request: Request, rest: list[str]) -> Reply:
    if request.method != "GET":
        raise method_not_allowed(request.method)
    accept = request.header("accept")
    select = [name for name in request.parameter("select").split(",") if name.strip()]
    if not rest:
        types = [catalog.type_of(name.strip()) for name in select] or list(catalog.types)
        if OPENAPI_MEDIA in accept:
            return Reply(200, openapi(request, types), OPENAPI_MEDIA)
        if SCHEMA_MEDIA in accept and select:
            return Reply(200, {"items": [schema(each) for each in types]}, SCHEMA_MEDIA)
        return Reply(200, {"items": [listed(request, each) for each in types]})
    return described(catalog, request, rest[0], accept)


def described(catalog: Catalog, request: Request, name: str, accept: str) -> Reply:
    common = {key.lower(): value for key, value in COMMON.items()}
    if name.lower() in common:
        return Reply(200, common[name.lower()], SCHEMA_MEDIA)
    type_name, dash, part = name.partition("-")
    record_type = catalog.type_of(type_name)
    if dash:
        return Reply(200, part_schema(record_type, part), SCHEMA_MEDIA)
    if OPENAPI_MEDIA in accept:
        return Reply(200, openapi(request, [record_type]), OPENAPI_MEDIA)
    if SCHEMA_MEDIA in accept:
        return Reply(200, schema(record_type), SCHEMA_MEDIA)
    return Reply(200, listed(request, record_type))


def listed(request: Request, record_type: RecordType) -> dict[str, Any]:
    name = record_type.name.lower()
    href = f"{request.root}{CATALOG}/{name}"
    return {
        "name": name,
        "links": [
            {"rel": "canonical", "href": href, "mediaType": "application/json"},
            {"rel": "alternate", "href": href, "mediaType": OPENAPI_MEDIA},
            {"rel": "alternate", "href": href, "mediaType": SCHEMA_MEDIA},
            {"rel": "describes", "href": f"{request.rest_root}/record/v1/{name}"},
        ],
    }


def property_of(each: Field, refs: str) -> dict[str, Any]:
    """One field's schema. `refs` is what references to other types begin with."""
    shown: dict[str, Any] = {"title": each.title}
    if each.kind == "ref":
        return reference(refs, target_type(each) if each.target not in ("form", "file") else "nsResource")
    if each.kind == "refs":
        return reference(refs, "nsResourceCollection")
    if each.kind == "enum":
        values = list(codes.ENUMS.get(each.target, {})) or None
        ids = {"title": "Internal identifier", "type": "string", **({"enum": values} if values else {})}
        shown.update({"type": "object", "properties": {"id": ids, "refName": {"type": "string"}}})
    else:
        shown.update(
            {
                "number": {"type": "number", "format": "double"},
                "integer": {"type": "integer", "format": "int64"},
                "boolean": {"type": "boolean"},
                "date": {"type": "string", "format": "date"},
                "datetime": {"type": "string", "format": "date-time"},
                "object": {"type": "object"},
            }.get(each.kind, {"type": "string"})
        )
    if each.is_filterable:
        shown["x-ns-filterable"] = True
    if each.name.startswith(("cust", "cseg")):
        kinds = ("custbody", "custcol", "custentity", "custitem", "cseg")
        shown["x-ns-custom-field"] = each.name.lower().startswith(kinds)
        if each.name == "customForm":
            del shown["x-ns-custom-field"]
    if not each.is_required:
        shown["nullable"] = True
    if each.is_read_only:
        shown["readOnly"] = True
    return shown


def reference(refs: str, name: str) -> dict[str, Any]:
    """A property that is another resource. In the catalog its shape stands beside the address: clients read both."""
    if refs != REFS:
        return {"$ref": refs + name}
    shape = COMMON["nsResourceCollection" if name == "nsResourceCollection" else "nsResource"]
    return {"type": "object", "$ref": refs + name, "properties": shape["properties"]}


def target_type(each: Field) -> str:
    family, name = family_of(each.target)
    return name or FAMILY_TYPES.get(family, "nsResource")


def schema(record_type: RecordType, refs: str = REFS) -> dict[str, Any]:
    """The JSON schema of a record type, with the names that can be filtered on at its root."""
    properties: dict[str, Any] = {
        "id": {"title": "Internal ID", "type": "string", "nullable": True, "x-ns-filterable": True},
        "refName": {"title": "Reference Name", "type": "string", "nullable": True},
        "links": {"title": "Links", "type": "array", "readOnly": True, "items": {"$ref": refs + "nsLink"}},
    }
    for each in record_type.fields.values():
        properties[each.name] = property_of(each, refs)
    for name, sublist in record_type.sublists.items():
        properties[name] = {"$ref": f"{refs}{record_type.name}-{name}Collection"}
        if refs == REFS:
            properties[name] = {**collection_schema(record_type, sublist, refs), **properties[name]}
    filterable = ["id", *(n for n, each in record_type.fields.items() if each.is_filterable)]
    return {
        "type": "object",
        "properties": properties,
        "x-ns-filterable": filterable,
        "$schema": "https://json-schema.org/draft-06/hyper-schema#",
    }


def part_schema(record_type: RecordType, part: str) -> dict[str, Any]:
    """`itemCollection` and `itemElement` of a record's sublists."""
    for kind in ("Collection", "Element"):
        if part.lower().endswith(kind.lower()):
            sublist = record_type.sublist_by_lower.get(part[: -len(kind)].lower())
            if sublist is not None:
                make = collection_schema if kind == "Collection" else element_schema
                return make(record_type, sublist, REFS)
    raise nonexistent_type(f"{record_type.name}-{part}")


def collection_schema(record_type: RecordType, sublist: Sublist, refs: str) -> dict[str, Any]:
    element = {"$ref": f"{refs}{record_type.name}-{sublist.name}Element"}
    if refs == REFS:
        element = {**element_schema(record_type, sublist, refs), **element}
    items = {"type": "array", "items": element}
    return {"type": "object", "properties": {**collection_properties(refs), "items": items}}


def element_schema(record_type: RecordType, sublist: Sublist, refs: str) -> dict[str, Any]:
    """One line: what a list of lines can be filtered on, and which field tells a new line and an old one."""
    del record_type
    shown: dict[str, Any] = {
        "type": "object",
        "properties": {n: property_of(each, refs) for n, each in sublist.fields.items()},
    }
    if refs == REFS:
        new = "orderLine" if "orderLine" in sublist.fields else sublist.key
        shown["x-ns-filterable"] = [n for n, each in sublist.fields.items() if each.is_filterable]
        shown["x-ns-sublistkey"] = {"present": True, "value": {"new": [new], "existing": [sublist.key]}}
    return shown


def collection_properties(refs: str) -> dict[str, Any]:
    text = json.dumps(COMMON["nsResourceCollection"]["properties"]).replace(f"{CATALOG}/", refs)
    properties: dict[str, Any] = json.loads(text)
    return properties


def openapi(request: Request, types: Iterable[RecordType]) -> dict[str, Any]:
    """OpenAPI 3.0 of the types asked for."""
    refs = "#/components/schemas/"
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = json.loads(json.dumps(COMMON).replace(f"{CATALOG}/", refs))
    pending = list(types)
    for record_type in pending:
        paths.update(paths_of(record_type))
        schemas[record_type.name] = schema(record_type, refs)
        schemas[f"{record_type.name}Collection"] = {
            "type": "object",
            "properties": {
                **collection_properties(refs),
                "items": {"type": "array", "items": {"$ref": f"{refs}nsResource"}},
            },
        }
        for sublist in record_type.sublists.values():
            name = f"{record_type.name}-{sublist.name}"
            schemas[f"{name}Collection"] = collection_schema(record_type, sublist, refs)
            schemas[f"{name}Element"] = element_schema(record_type, sublist, refs)
    known = set(schemas)
    wanted = [
        str(each.get("$ref", "")).removeprefix(refs)
        for name in list(schemas)
        for each in schemas[name].get("properties", {}).values()
    ]
    wanted += [target for record_type in pending for target in record_type.transforms]
    for target in wanted:
        if target and target not in known:
            schemas[target] = {"allOf": [{"$ref": f"{refs}nsResource"}]}
            known.add(target)
    return {
        "openapi": "3.0.1",
        "info": {"title": "NetSuite REST Record API", "version": "v1"},
        "servers": [{"url": f"{request.rest_root}/record/v1"}],
        "paths": paths,
        "components": {"schemas": schemas},
    }


def paths_of(record_type: RecordType) -> dict[str, Any]:
    name = record_type.name
    body = {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}}
    shown = {"200": {"description": "Retrieved record", **_media(f"#/components/schemas/{name}", "singular")}}
    none = {"204": {"description": "No Content"}}
    tag = {"tags": [name]}
    found: dict[str, Any] = {
        f"/{name}": {
            "get": {
                **tag,
                "summary": "Get list of records.",
                "parameters": [_query("q"), _query("limit", "integer"), _query("offset", "integer")],
                "responses": {
                    "200": {"description": "List", **_media(f"#/components/schemas/{name}Collection", "collection")}
                },
            },
            "post": {**tag, "summary": "Insert record.", "requestBody": body, "responses": none},
        },
        f"/{name}/{{id}}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {
                **tag,
                "summary": "Get record.",
                "parameters": [_query("expandSubResources", "boolean"), _query("fields")],
                "responses": shown,
            },
            "patch": {
                **tag,
                "summary": "Update record.",
                "parameters": [_query("replace")],
                "requestBody": body,
                "responses": none,
            },
            "put": {**tag, "summary": "Insert or update record.", "requestBody": body, "responses": none},
            "delete": {**tag, "summary": "Remove record.", "responses": none},
        },
    }
    for target in record_type.transforms:
        schema_ref = f"#/components/schemas/{target}"
        found[f"/{name}/{{id}}/!transform/{target}"] = {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "post": {
                **tag,
                "summary": f"Transform to {BY_LOWER[target.lower()].name}.",
                "requestBody": {"content": {"application/json": {"schema": {"$ref": schema_ref}}}},
                "responses": none,
            },
        }
    return found


def _media(reference: str, kind: str) -> dict[str, Any]:
    return {"content": {f"application/vnd.oracle.resource+json; type={kind}": {"schema": {"$ref": reference}}}}


def _query(name: str, kind: str = "string") -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": {"type": kind}}
