"""Names, types and dialect: every table and column is found or refused, and the tree becomes SQLite's.

Each expression's kind (text, id, num, bool, date, datetime) is kept in `meta["kind"]`, so results can be shown in
the account's format, dates computed with, and text compared with dates as NetSuite does.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import sqlglot
from sqlglot import exp

from erp_emulator import balances, tables
from erp_emulator.errors import NetSuiteError, invalid_query
from erp_emulator.suiteql import builtin, dates, functions
from erp_emulator.suiteql.context import Account, Output
from erp_emulator.suiteql.parse import invalid
from erp_emulator.suiteql.typed import DATED, call, is_aggregate, kind_of, text_of, typed
from erp_emulator.tables import Column

COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
IN_MAX = 1000
ALLOWED = (
    exp.Select,
    exp.Union,
    exp.Intersect,
    exp.Except,
    exp.Subquery,
    exp.From,
    exp.Join,
    exp.Where,
    exp.Group,
    exp.Having,
    exp.Order,
    exp.Ordered,
    exp.Limit,
    exp.Fetch,
    exp.LimitOptions,
    exp.Offset,
    exp.With,
    exp.CTE,
    exp.TableAlias,
    exp.Table,
    exp.Column,
    exp.Identifier,
    exp.Alias,
    exp.Star,
    exp.Literal,
    exp.Null,
    exp.Placeholder,
    exp.Paren,
    exp.And,
    exp.Or,
    exp.Not,
    exp.EQ,
    exp.NEQ,
    exp.GT,
    exp.GTE,
    exp.LT,
    exp.LTE,
    exp.Is,
    exp.In,
    exp.Between,
    exp.Like,
    exp.Escape,
    exp.Exists,
    exp.Add,
    exp.Sub,
    exp.Mul,
    exp.Div,
    exp.Neg,
    exp.DPipe,
    exp.Case,
    exp.If,
    exp.Cast,
    exp.DataType,
    exp.DataTypeParam,
    exp.Anonymous,
    exp.Window,
    exp.WindowSpec,
    exp.Distinct,
    exp.Dot,
    exp.Extract,
    exp.CurrentTimestamp,
    exp.CurrentDate,
    exp.DecodeCase,
    exp.GroupConcat,
    exp.WithinGroup,
    exp.Var,
    exp.Tuple,
    exp.Trim,
    exp.Any,
    exp.All,
    exp.Rollup,
    exp.Cube,
    exp.GroupingSets,
    exp.Boolean,
    exp.Count,
    exp.Pseudocolumn,
    exp.Interval,
    exp.Filter,
    exp.IgnoreNulls,
    exp.Coalesce,
    exp.Substring,
    exp.Hint,
    exp.Ceil,
    exp.Floor,
    exp.ToNumber,
    exp.Mod,
)
# What the grammar makes a node of its own although it is a function like others.
FUNCTION_NODES: dict[type[exp.Expr], str] = {
    exp.Ceil: "o_ceil",
    exp.Floor: "o_floor",
    exp.ToNumber: "o_to_number",
    exp.Mod: "o_mod",
}


@dataclass
class Source:
    """A table or derived table under its alias."""

    alias: str
    columns: dict[str, Column]
    is_table: bool = True
    table: str = ""
    is_optional: bool = False

    def is_never_empty(self, name: str) -> bool:
        """Whether a column has a value in every row: a table's key, unless an outer join may leave the table out."""
        filled = tables.NEVER_EMPTY.get(self.table, tables.KEY_COLUMNS if "id" in self.columns else frozenset())
        return self.is_table and not self.is_optional and name in filled


@dataclass
class Scope:
    sources: dict[str, Source] = field(default_factory=dict)
    parent: Scope | None = None
    ctes: dict[str, dict[str, Column]] = field(default_factory=dict)
    aliases: dict[str, Column] = field(default_factory=dict)
    filled: set[str] = field(default_factory=set)


class Resolver:
    """Rewrites one tree in place; `outputs` of the outermost query come back."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.counter = 0
        self.is_timed = False

    def run(self, tree: exp.Query) -> list[Output]:
        for node in tree.walk():
            if not isinstance(node, ALLOWED):
                raise invalid()
        return self.query(tree, None, {})

    # Queries.

    def query(self, node: exp.Expr, parent: Scope | None, ctes: dict[str, dict[str, Column]]) -> list[Output]:
        ctes = self._ctes(node, parent, dict(ctes))
        if isinstance(node, exp.Subquery):
            return self.query(node.this, parent, ctes)
        if isinstance(node, exp.SetOperation):
            left = self.query(node.this, parent, ctes)
            right = self.query(node.expression, parent, ctes)
            if len(left) != len(right):
                raise invalid()
            scope = Scope(parent=parent, ctes=ctes)
            scope.aliases = {each.name: Column(each.name, each.kind, each.display) for each in left}
            self._tail(node, scope)
            return left
        if isinstance(node, exp.Select):
            return self._select(node, parent, ctes)
        raise invalid()

    def _ctes(
        self, node: exp.Expr, parent: Scope | None, ctes: dict[str, dict[str, Column]]
    ) -> dict[str, dict[str, Column]]:
        block = node.args.get("with_") or node.args.get("with")
        if block is None:
            return ctes
        if not self.account.has_ctes or block.args.get("recursive"):
            raise invalid()
        for cte in block.expressions:
            name = cte.alias.lower()
            outputs = self.query(cte.this, parent, ctes)
            listed = [each.name.lower() for each in cte.args["alias"].columns]
            names = listed or [each.name for each in outputs]
            ctes[name] = {key: Column(key, each.kind, each.display) for key, each in zip(names, outputs, strict=False)}
            self._quote_alias(cte)
        return ctes

    def _quote_alias(self, node: exp.Expr) -> None:
        alias = node.args.get("alias")
        if alias is None:
            return
        alias.set("this", exp.to_identifier(alias.name.lower(), quoted=True))
        alias.set("columns", [exp.to_identifier(each.name.lower(), quoted=True) for each in alias.columns])

    def _select(self, node: exp.Select, parent: Scope | None, ctes: dict[str, dict[str, Column]]) -> list[Output]:
        scope = Scope(parent=parent, ctes=ctes)
        source = node.args.get("from_") or node.args.get("from")
        if source is not None:
            self._source(source.this, scope, is_first=True)
        for join in node.args.get("joins") or []:
            before = list(scope.sources.values())
            self._source(join.this, scope, is_first=source is None)
            side = str(join.args.get("side") or "").upper()
            for each in scope.sources.values():
                is_left_out = side in ("LEFT", "FULL") if each not in before else side in ("RIGHT", "FULL")
                each.is_optional = each.is_optional or is_left_out
            if str(join.args.get("method") or "").upper() == "NATURAL":
                raise invalid()
        for join in node.args.get("joins") or []:
            self._using(join, scope)
            if join.args.get("on") is not None:
                join.set("on", self.expression(join.args["on"], scope))
        outputs = self._projections(node, scope)
        limit = self._rownum(node)
        if node.args.get("where") is not None:
            where = node.args["where"]
            where.set("this", self.expression(where.this, scope))
        if node.args.get("distinct") is not None and node.args["distinct"].args.get("on"):
            raise invalid()
        self._group(node, scope)
        self._tail(node, scope)
        if limit is not None:
            self._limit_first(node, outputs, limit)
        return outputs

    def _using(self, join: exp.Join, scope: Scope) -> None:
        for identifier in join.args.get("using") or []:
            name = identifier.name.lower()
            if sum(name in each.columns for each in scope.sources.values()) < 2:
                raise self._unknown(name, scope)

    def _source(self, node: exp.Expr, scope: Scope, *, is_first: bool) -> None:
        if isinstance(node, exp.Subquery):
            for join in node.args.get("joins") or []:
                self._source(join.this, scope, is_first=False)
            outputs = self.query(node.this, None, scope.ctes)
            if not node.alias:
                self.counter += 1
                node.set("alias", exp.TableAlias(this=exp.to_identifier(f"q{self.counter}_")))
            self._quote_alias(node)
            columns = {each.name: Column(each.name, each.kind, each.display) for each in outputs}
            self._add_source(Source(node.alias, columns, is_table=False), scope)
            return
        if not isinstance(node, exp.Table):
            raise invalid()
        self._table(node, scope, is_first=is_first)
        for join in node.args.get("joins") or []:
            self._source(join.this, scope, is_first=False)
            if join.args.get("on") is not None:
                join.set("on", self.expression(join.args["on"], scope))

    def _table(self, node: exp.Table, scope: Scope, *, is_first: bool) -> None:
        if not isinstance(node.this, exp.Identifier) or node.args.get("db"):
            raise invalid()
        name = node.name.lower()
        columns = scope.ctes.get(name) or self.account.tables.get(name)
        if columns is None and is_first:
            raise invalid_query(f"Invalid search type: {node.name}.")
        if columns is None or (name not in scope.ctes and not self.account.is_allowed(name)):
            raise invalid_query(f"Search error occurred: Record '{node.name}' was not found.")
        alias = (node.alias or node.name).lower()
        node.set("this", exp.to_identifier(name, quoted=True))
        node.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
        self._add_source(Source(alias, columns, is_table=name not in scope.ctes, table=name), scope)

    def _add_source(self, source: Source, scope: Scope) -> None:
        if source.alias in scope.sources:
            raise invalid()
        scope.sources[source.alias] = source

    # The select list.

    def _projections(self, node: exp.Select, scope: Scope) -> list[Output]:
        listed: dict[str, tuple[exp.Expr, Output, bool]] = {}
        unnamed = 0
        for projection in node.expressions:
            starred = self._star(projection, scope)
            if starred is not None:
                for name, column in starred:
                    # A column named beside `*` wins over the star's.
                    if name not in listed or not listed[name][2]:
                        listed[name] = (
                            column,
                            Output(name, column.meta["kind"], column.meta.get("display", "")),
                            False,
                        )
                continue
            inner = projection.this if isinstance(projection, exp.Alias) else projection
            is_column = isinstance(inner, exp.Column)
            name = projection.alias.lower() if isinstance(projection, exp.Alias) else ""
            if not name and is_column:
                name = inner.name.lower()
            rewritten = self.expression(inner, scope)
            if not name:
                unnamed += 1
                name = f"expr{unnamed}"
            output = Output(name, rewritten.meta.get("kind", "text"), rewritten.meta.get("display", ""))
            if name in listed and not listed[name][2]:
                del listed[name]
            listed[name] = (rewritten, output, True)
        projections = []
        for name, (expression, output, _) in listed.items():
            alias = exp.alias_(expression, exp.to_identifier(name, quoted=True), quoted=True)
            alias.meta.update(expression.meta)
            projections.append(alias)
            scope.aliases[name] = Column(name, output.kind, output.display)
            if expression.meta.get("filled"):
                scope.filled.add(name)
        if not projections:
            raise invalid()
        node.set("expressions", projections)
        return [output for _, output, _ in listed.values()]

    def _star(self, projection: exp.Expr, scope: Scope) -> list[tuple[str, exp.Expr]] | None:
        if isinstance(projection, exp.Star):
            sources = list(scope.sources.values())
        elif isinstance(projection, exp.Column) and isinstance(projection.this, exp.Star):
            alias = projection.table.lower()
            if alias not in scope.sources:
                raise self._unknown(projection.table, scope)
            sources = [scope.sources[alias]]
        else:
            return None
        found: dict[str, exp.Expr] = {}
        for source in sources:
            for name, column in source.columns.items():
                if name not in found and name not in self.account.hidden:
                    found[name] = self._column_of(source, column)
        return list(found.items())

    def _column_of(self, source: Source, column: Column) -> exp.Expr:
        computed = balances.column_sql(source.table, column.name, source.alias) if source.is_table else None
        if computed is not None:
            made = typed(exp.Paren(this=sqlglot.parse_one(computed, read="sqlite")), column.kind)
            made.meta["source"] = (source.table, column.name, source.alias)
            return made
        node = exp.column(
            exp.to_identifier(column.name, quoted=True),
            table=exp.to_identifier(source.alias, quoted=True),
        )
        node.meta.update({"kind": column.kind, "display": column.display, "alias": source.alias})
        node.meta["filled"] = source.is_never_empty(column.name)
        if source.is_table:
            node.meta["source"] = (source.table, column.name, source.alias)
        return node

    # Clauses after the list.

    def _group(self, node: exp.Select, scope: Scope) -> None:
        group = node.args.get("group")
        if group is not None:
            if group.args.get("rollup") or group.args.get("cube") or group.args.get("grouping_sets"):
                raise invalid()
            group.set(
                "expressions",
                [
                    each if isinstance(each, exp.Literal) else self.expression(each, scope, is_late=True)
                    for each in group.expressions
                ],
            )
        having = node.args.get("having")
        if having is not None:
            having.set("this", self.expression(having.this, scope, is_late=True))

    def _tail(self, node: exp.Expr, scope: Scope) -> None:
        order = node.args.get("order")
        if order is not None:
            for each in order.expressions:
                is_position = isinstance(each.this, exp.Literal) and not each.this.is_string
                if not is_position:
                    each.set("this", self.expression(each.this, scope, is_late=True, is_order=True))
                # Oracle has empty values last, SQLite first; where there are none, saying so only costs the index.
                is_descending = bool(each.args.get("desc"))
                if each.this.meta.get("filled"):
                    each.set("nulls_first", not is_descending)
        fetch = node.args.get("limit")
        if isinstance(fetch, exp.Fetch):
            options = fetch.args.get("limit_options")
            if options is not None and (options.args.get("percent") or options.args.get("with_ties")):
                raise invalid()
            count = fetch.args.get("count")
            node.set(
                "limit",
                exp.Limit(expression=count.copy() if count is not None else exp.Literal.number(1)),
            )
        elif fetch is not None:
            raise invalid()
        offset = node.args.get("offset")
        if offset is not None and node.args.get("limit") is None:
            node.set("limit", exp.Limit(expression=exp.Literal.number(-1)))

    def _rownum(self, node: exp.Select) -> int | None:
        """Take `ROWNUM <= n` out of the condition: the number of rows let through before any ordering."""
        where = node.args.get("where")
        if where is None:
            return None
        limit: int | None = None
        kept = []
        for part in list(where.this.flatten()) if isinstance(where.this, exp.And) else [where.this]:
            bare = part.unnest()
            if not _is_rownum(bare.args.get("this")) and not _is_rownum(bare.args.get("expression")):
                kept.append(part)
                continue
            count = _rownum_limit(bare)
            limit = count if limit is None else min(limit, count)
        if limit is None:
            return None
        if kept:
            where.set("this", exp.and_(*kept, copy=False))
        else:
            node.set("where", None)
        return max(limit, 0)

    def _limit_first(self, node: exp.Select, outputs: list[Output], limit: int) -> None:
        """Rows are counted before they are grouped, made distinct or ordered."""
        is_plain = not any(node.args.get(name) for name in ("order", "group", "distinct", "limit"))
        is_plain = is_plain and not any(is_aggregate(each) for each in node.expressions)
        if is_plain:
            node.set("limit", exp.Limit(expression=exp.Literal.number(limit)))
            return
        if node.args.get("group") or any(is_aggregate(each) for each in node.expressions):
            raise invalid()
        order, distinct, fetch, offset = (node.args.get(n) for n in ("order", "distinct", "limit", "offset"))
        inner = node.copy()
        for name in ("order", "distinct", "limit", "offset", "with_"):
            inner.set(name, None)
        keys = []
        for index, each in enumerate(order.expressions if order is not None else []):
            if isinstance(each.this, exp.Literal):
                keys.append(each.copy())
                continue
            name = f"order{index}_"
            inner.append("expressions", exp.alias_(each.this.copy(), name, quoted=True))
            copied = each.copy()
            copied.set("this", exp.column(exp.to_identifier(name, quoted=True)))
            keys.append(copied)
        inner.set("limit", exp.Limit(expression=exp.Literal.number(limit)))
        for name in ("joins", "where", "order", "distinct", "limit", "offset"):
            node.set(name, None)
        node.set(
            "expressions",
            [exp.column(exp.to_identifier(each.name, quoted=True)) for each in outputs],
        )
        node.set("from_", exp.From(this=inner.subquery("rows_")))
        node.set("distinct", distinct)
        node.set("order", exp.Order(expressions=keys) if keys and distinct is None else None)
        node.set("limit", fetch)
        node.set("offset", offset)

    # Expressions.

    def expression(self, node: exp.Expr, scope: Scope, *, is_late: bool = False, is_order: bool = False) -> exp.Expr:
        """The SQLite form of an expression, its kind in `meta`."""
        if isinstance(node, exp.Column):
            return self._column(node, scope, is_late=is_late, is_order=is_order)
        if isinstance(node, exp.Dot):
            return builtin.resolve(self, node, scope)
        if isinstance(node, exp.Subquery | exp.Select | exp.SetOperation):
            outputs = self.query(node, scope, scope.ctes)
            node.meta.update({"kind": outputs[0].kind, "display": outputs[0].display})
            return node
        if isinstance(node, exp.Exists):
            self.query(node.this, scope, scope.ctes)
            node.meta["kind"] = "num"
            return node
        if isinstance(node, exp.CurrentTimestamp | exp.CurrentDate):
            return self._now(is_date=isinstance(node, exp.CurrentDate))
        if isinstance(node, exp.DataType | exp.Identifier | exp.Var | exp.Star):
            return node
        if isinstance(node, exp.Ordered):
            node.set("this", self.expression(node.this, scope, is_late=is_late, is_order=is_order))
            return node
        self._children(node, scope, is_late=is_late, is_order=is_order)
        return self._finish(node, scope)

    def _children(self, node: exp.Expr, scope: Scope, *, is_late: bool, is_order: bool) -> None:
        for name, value in list(node.args.items()):
            if isinstance(value, exp.Expr):
                if name == "query":
                    self.query(value, scope, scope.ctes)
                else:
                    node.set(name, self.expression(value, scope, is_late=is_late, is_order=is_order))
            elif isinstance(value, list):
                node.set(
                    name,
                    [
                        self.expression(each, scope, is_late=is_late, is_order=is_order)
                        if isinstance(each, exp.Expr)
                        else each
                        for each in value
                    ],
                )

    def _now(self, *, is_date: bool) -> exp.Expr:
        self.is_timed = True
        text = dates.iso(self.account.now, is_date=is_date)
        return typed(exp.Literal.string(text), "date" if is_date else "datetime")

    def _column(self, node: exp.Column, scope: Scope, *, is_late: bool, is_order: bool) -> exp.Expr:
        if isinstance(node.this, exp.Star):
            return node
        name = node.name.lower()
        table = node.table.lower()
        if not table and name in ("sysdate", "systimestamp", "current_timestamp"):
            return self._now(is_date=False)
        if not table and name == "current_date":
            return self._now(is_date=True)
        if not table and name == "rownum":
            counted = exp.Window(this=exp.Anonymous(this="ROW_NUMBER", expressions=[]))
            return typed(counted, "num")
        if not table and is_order and name in scope.aliases:
            column = scope.aliases[name]
            found: exp.Expr = exp.column(exp.to_identifier(name, quoted=True))
            found.meta.update({"kind": column.kind, "display": column.display, "filled": name in scope.filled})
            return found
        level: Scope | None = scope
        while level is not None:
            for source in level.sources.values():
                if table and source.alias != table:
                    continue
                if name in source.columns:
                    if source.is_table and name in self.account.hidden:
                        raise invalid_query(
                            f"Search error occurred: Field '{name}' for record '{source.alias}' was not found. "
                            "Reason: NOT_EXPOSED - Hidden field"
                        )
                    return self._column_of(source, source.columns[name])
            level = level.parent
        if not table and is_late and name in scope.aliases:
            column = scope.aliases[name]
            found = exp.column(exp.to_identifier(name, quoted=True))
            found.meta.update({"kind": column.kind, "display": column.display})
            return found
        raise self._unknown(node.name, scope)

    def _unknown(self, name: str, scope: Scope) -> NetSuiteError:
        known = ", ".join(f"{alias}={alias}" for alias in scope.sources)
        return invalid_query(
            f"Search error occurred: Unknown identifier '{name}'. Available identifiers are: {{{known}}}."
        )

    # What an expression becomes once its parts are done.

    def _finish(self, node: exp.Expr, scope: Scope) -> exp.Expr:
        if isinstance(node, exp.Literal):
            return typed(node, "text" if node.is_string else "num")
        if isinstance(node, exp.Paren):
            return typed(node, kind_of(node.this), node.this.meta.get("display", ""))
        if isinstance(node, COMPARISONS):
            return self._comparison(node)
        if isinstance(node, exp.Between):
            for name in ("low", "high"):
                left, right = self._matched(node.this, node.args[name])
                node.set("this", left)
                node.set(name, right)
            return typed(node, "num")
        if isinstance(node, exp.In):
            return self._in(node)
        if isinstance(node, exp.Add | exp.Sub):
            return self._sum(node)
        if isinstance(node, exp.Div):
            node.set("this", exp.Cast(this=node.this, to=exp.DataType.build("REAL", dialect="sqlite")))
            return typed(node, "num")
        if isinstance(node, exp.Mul | exp.Neg):
            return typed(node, "num")
        if isinstance(node, exp.DPipe):
            return typed(call("o_concat", node.this, node.expression), "text")
        if isinstance(node, exp.Case):
            return self._case(node)
        if isinstance(node, exp.Cast):
            return self._cast(node)
        if isinstance(node, exp.Extract):
            unit = exp.Literal.string(node.this.name.upper())
            return typed(call("o_extract", unit, node.expression), "num")
        if isinstance(node, exp.DecodeCase):
            return self._decode(node)
        if isinstance(node, exp.GroupConcat):
            return self._list(node)
        if isinstance(node, exp.WithinGroup):
            return typed(node.this, "text")
        if isinstance(node, exp.Window):
            return typed(node, kind_of(node.this), node.this.meta.get("display", ""))
        if isinstance(node, exp.Anonymous):
            return self._function(node)
        if isinstance(node, exp.Trim):
            return self._trim(node)
        if type(node) in FUNCTION_NODES:
            arguments = [each for each in (node.this, node.args.get("expression"), node.args.get("format")) if each]
            return typed(call(FUNCTION_NODES[type(node)], *arguments), "num")
        if isinstance(node, exp.Like):
            node.set("this", text_of(node.this))
            return typed(node, "num")
        if isinstance(
            node,
            exp.Interval | exp.Boolean | exp.Any | exp.All | exp.Coalesce | exp.Substring | exp.Count,
        ):
            raise invalid()
        del scope
        return typed(node, node.meta.get("kind", "text"))

    def _matched(self, left: exp.Expr, right: exp.Expr) -> tuple[exp.Expr, exp.Expr]:
        """Both sides of a comparison in one form: text in the account's format beside a date becomes a date."""
        left, right = self._dated(left, right), self._dated(right, left)
        kinds = {kind_of(left), kind_of(right)}
        if kinds == {"date", "datetime"}:
            left = call("o_ts", left, kind="datetime") if kind_of(left) == "date" else left
            right = call("o_ts", right, kind="datetime") if kind_of(right) == "date" else right
        for one, other in ((left, right), (right, left)):
            is_text = isinstance(one, exp.Literal) and one.is_string
            if is_text and kind_of(other) == "id" and not one.name.strip().lstrip("-").isdigit():
                raise invalid()
            if is_text and kind_of(other) == "num" and not _is_number(one.name):
                raise invalid()
        return left, right

    def _dated(self, node: exp.Expr, beside: exp.Expr) -> exp.Expr:
        if kind_of(beside) not in DATED:
            return node
        if isinstance(node, exp.Literal) and node.is_string and kind_of(node) == "text":
            try:
                text = dates.from_account_text(node.name, self.account.date_format)
            except dates.BadDate:
                raise invalid() from None
            return typed(exp.Literal.string(text), "date" if len(text) == 10 else "datetime")
        if isinstance(node, exp.Placeholder):
            kind = kind_of(beside)
            made = call("o_to_date", node, kind=kind)
            return call("o_ts", made, kind=kind) if kind == "datetime" else made
        return node

    def _comparison(self, node: exp.Expr) -> exp.Expr:
        left, right = self._matched(node.this, node.expression)
        node.set("this", left)
        node.set("expression", right)
        return typed(node, "num")

    def _in(self, node: exp.In) -> exp.Expr:
        if len(node.expressions) > IN_MAX:
            raise invalid()
        if len(node.expressions) == 1 and isinstance(node.expressions[0], exp.Subquery):
            # `IN ((SELECT ...))` is `IN (SELECT ...)`.
            node.set("query", node.expressions[0])
            node.set("expressions", [])
            return typed(node, "num")
        if node.expressions and not isinstance(node.this, exp.Tuple):
            rights = []
            for each in node.expressions:
                left, right = self._matched(node.this, each)
                if left is node.this or kind_of(left) == kind_of(node.this):
                    rights.append(right)
                else:
                    node.set("this", left)
                    rights.append(right)
            node.set("expressions", rights)
        return typed(node, "num")

    def _sum(self, node: exp.Expr) -> exp.Expr:
        left, right = node.this, node.expression
        sign = -1 if isinstance(node, exp.Sub) else 1
        if kind_of(left) in DATED and kind_of(right) in DATED:
            if sign > 0:
                raise invalid()
            return typed(call("o_days_between", left, right), "num")
        if kind_of(left) in DATED:
            days = exp.Neg(this=exp.Paren(this=right)) if sign < 0 else right
            return typed(call("o_add_days", left, days), kind_of(left))
        if kind_of(right) in DATED and sign > 0:
            return typed(call("o_add_days", right, left), kind_of(right))
        return typed(node, "num")

    def _case(self, node: exp.Case) -> exp.Expr:
        values = [each.args["true"] for each in node.args.get("ifs") or []]
        if node.args.get("default") is not None:
            values.append(node.args["default"])
        return typed(node, _common_kind(values))

    def _cast(self, node: exp.Cast) -> exp.Expr:
        wanted = node.to.this
        if wanted in exp.DataType.NUMERIC_TYPES or "DECIMAL" in str(wanted):
            is_whole = wanted in exp.DataType.INTEGER_TYPES
            return typed(call("o_to_number", node.this), "id" if is_whole else "num")
        if wanted in exp.DataType.TEXT_TYPES:
            return typed(call("o_to_char", node.this), "text")
        if wanted in exp.DataType.TEMPORAL_TYPES:
            if kind_of(node.this) in DATED:
                same: exp.Expr = node.this
                return same
            return typed(call("o_to_date", node.this), "date")
        raise invalid()

    def _decode(self, node: exp.DecodeCase) -> exp.Expr:
        value, *rest = node.expressions
        if len(rest) < 2:
            raise invalid()
        ifs, results = [], []
        default = rest[-1] if len(rest) % 2 else None
        for index in range(0, len(rest) - 1, 2):
            wanted, result = rest[index], rest[index + 1]
            same: exp.Expr
            if isinstance(wanted, exp.Null):
                same = exp.Is(this=value.copy(), expression=exp.null())
            else:
                same = exp.EQ(this=value.copy(), expression=wanted)
            ifs.append(exp.If(this=same, true=result))
            results.append(result)
        if default is not None:
            results.append(default)
        return typed(exp.Case(ifs=ifs, default=default), _common_kind(results))

    def _list(self, node: exp.GroupConcat) -> exp.Expr:
        inner = node.this
        separator = node.args.get("separator") or exp.Literal.string("")
        order = inner if isinstance(inner, exp.Order) else None
        value = inner.this if order is not None else inner
        if isinstance(value, exp.Distinct):
            return typed(
                exp.Anonymous(
                    this="GROUP_CONCAT",
                    expressions=[exp.Distinct(expressions=[text_of(each) for each in value.expressions])],
                ),
                "text",
            )
        keys = [each.this for each in order.expressions] if order is not None else []
        is_descending = any(each.args.get("desc") for each in order.expressions) if order is not None else False
        flag = exp.Literal.number(1 if is_descending else 0)
        return typed(call("o_listagg", text_of(value), separator, flag, *keys), "text")

    def _trim(self, node: exp.Trim) -> exp.Expr:
        position = str(node.args.get("position") or "").upper()
        chars = node.expression
        name = {"LEADING": "o_ltrim", "TRAILING": "o_rtrim"}.get(position)
        if name is None and chars is None:
            return typed(call("o_trim", node.this), "text")
        extra = [chars] if chars is not None else []
        if name is not None:
            return typed(call(name, node.this, *extra), "text")
        return typed(
            call("o_ltrim", call("o_rtrim", node.this, *extra), *[each.copy() for each in extra]),
            "text",
        )

    def _function(self, node: exp.Anonymous) -> exp.Expr:
        name = str(node.this).upper()
        arguments = node.expressions
        if name == "TRUNC" and arguments and kind_of(arguments[0]) in DATED:
            return typed(call("o_trunc_date", *arguments), "date")
        if name == "ROUND" and arguments and kind_of(arguments[0]) in DATED:
            return typed(call("o_trunc_date", *arguments), "date")
        if name in ("MIN", "MAX", "COUNT", "SUM", "AVG", "MEDIAN", "STDDEV", "VARIANCE") and len(arguments) != 1:
            raise invalid()
        found = functions.AGGREGATE.get(name) or functions.SCALAR.get(name)
        if found is None or (
            not arguments and name not in ("ROW_NUMBER", "RANK", "DENSE_RANK", "PERCENT_RANK", "COUNT")
        ):
            raise invalid()
        ours, kind = found
        bare = [each.expressions[0] if isinstance(each, exp.Distinct) else each for each in arguments]
        display = ""
        if kind == "same":
            kind = _common_kind(bare) if name in ("NVL", "COALESCE", "GREATEST", "LEAST") else kind_of(bare[0])
            display = bare[0].meta.get("display", "") if name in ("MIN", "MAX") else ""
        elif kind == "second":
            kind = _common_kind(bare[1:])
        elif kind == "to_date":
            pattern = bare[1].name if len(bare) > 1 and isinstance(bare[1], exp.Literal) else ""
            kind = "datetime" if dates.format_has_time(pattern) else "date"
        if name == "TO_TIMESTAMP":
            return typed(call("o_ts", call(ours, *arguments)), "datetime", "")
        if name == "NVL" and len(arguments) != 2:
            raise invalid()
        if ours == "COALESCE" and len(arguments) < 2:
            only: exp.Expr = arguments[0]
            return only
        if name in ("LISTAGG", "WM_CONCAT"):
            arguments = [text_of(arguments[0]), *arguments[1:]]
        made = exp.Anonymous(this=ours, expressions=arguments)
        return typed(made, kind, display)


def _common_kind(values: list[exp.Expr]) -> str:
    kinds = [kind_of(each) for each in values if not isinstance(each, exp.Null)]
    if "datetime" in kinds:
        return "datetime"
    if "date" in kinds:
        return "date"
    if kinds and all(kind in ("num", "id") for kind in kinds):
        return "num"
    return kinds[0] if kinds and len(set(kinds)) == 1 else "text"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_rownum(node: object) -> bool:
    if isinstance(node, exp.Pseudocolumn):
        return str(node.this.name if isinstance(node.this, exp.Expr) else node.this).lower() == "rownum"
    return isinstance(node, exp.Column) and node.name.lower() == "rownum" and not node.table


def _rownum_limit(node: exp.Expr) -> int:
    left, right = node.args.get("this"), node.args.get("expression")
    is_left = _is_rownum(left)
    bound = right if is_left else left
    if not isinstance(bound, exp.Literal) or bound.is_string:
        raise invalid()
    count = int(float(bound.name))
    if isinstance(node, exp.EQ):
        return 1 if count == 1 else 0
    is_at_most = isinstance(node, exp.LTE if is_left else exp.GTE)
    is_below = isinstance(node, exp.LT if is_left else exp.GT)
    if is_at_most:
        return count
    if is_below:
        return count - 1
    raise invalid()
