"""What hangs on the code: scenarios, contracts, outcomes, the case table and claims."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from verify import locks
from verify.diagnostics import nearest
from verify.syntax import checked, tree
from verify.syntax.checked import VOID, Type
from verify.syntax.declare import MAX_DOMAIN, RESERVED, Declared
from verify.syntax.scope import Scope, Signature, Where


class Claims:
    """Scenarios, contracts, outcomes, tables and claims: what hangs on the code."""

    def __init__(
        self,
        known: Declared,
        signatures: dict[str, Signature],
        functions: dict[str, checked.Function],
        threads: dict[str, checked.Thread],
    ) -> None:
        self.known = known
        self.signatures = signatures
        self.functions = functions
        self.threads = threads
        self.has_table = False
        self.scenarios: set[str] = set()

    def scenario(self, d: tree.Scenario) -> checked.Scenario:
        if d.name in self.scenarios:
            self.known.error("BFP102", f"scenario `{d.name}` is declared twice", d.span)
        self.scenarios.add(d.name)
        members: list[tuple[str, int | None]] = []
        for party in d.members:
            name = party.thread.name
            if name not in self.threads:
                self.known.error(
                    "BFP101",
                    f"thread `{name}` is not declared",
                    party.thread.span,
                    "",
                    *nearest(name, self.threads),
                )
            elif name in [m for m, _ in members]:
                self.known.error("BFP102", f"thread `{name}` is there twice", party.span)
            elif party.count is not None and not 0 < party.count <= MAX_DOMAIN:
                self.known.error("BFP004", f"1 to {MAX_DOMAIN} threads, or [*]", party.span)
            else:
                members.append((name, party.count))
        forever = frozenset(party.thread.name for party in d.members if party.forever)
        return checked.Scenario(d.name, d.sentence, tuple(members), forever, d.span)

    def _signature(self, name: tree.Name, what: str) -> Signature | None:
        if name.name in self.signatures:
            return self.signatures[name.name]
        self.known.error(
            "BFP101",
            f"{what} `{name.name}`, which is not declared",
            name.span,
            "",
            *nearest(name.name, self.signatures),
        )
        return None

    def outcomes(self, declarations: Iterable[tree.Declaration]) -> Iterable[checked.Outcome]:
        """Outcomes speak of the function that has the table: its result, what it did."""
        tables = [d for d in declarations if isinstance(d, tree.Table)]
        result = VOID
        if tables and tables[0].function.name in self.signatures:
            result = self.signatures[tables[0].function.name].result
        seen: set[str] = set()
        for d in declarations:
            if not isinstance(d, tree.Outcome):
                continue
            if d.name in seen:
                self.known.error("BFP102", f"outcome `{d.name}` is declared twice", d.span)
            elif d.name in ("never", "other"):
                self.known.error("BFP102", f"outcome `{d.name}` is built in", d.span)
            seen.add(d.name)
            scope = Scope(self.known, self.signatures, "clause", {}, result)
            if not tables:
                # Without a table nothing asks for outcomes; there is no result to type.
                continue
            condition = scope.truth(d.condition)
            if condition is not None:
                yield checked.Outcome(d.name, d.sentence, condition, d.span)

    def contracts(
        self, declarations: Iterable[tree.Declaration]
    ) -> dict[str, tuple[checked.Promise, ...]]:
        contracts: dict[str, tuple[checked.Promise, ...]] = {}
        for d in declarations:
            if not isinstance(d, tree.Contract):
                continue
            name = d.function.name
            signature = self._signature(d.function, "a contract for")
            if signature is None:
                continue
            if name in contracts:
                self.known.error("BFP102", f"`{name}` has two contracts", d.span)
            if name not in self.functions:
                self.known.error("BFP108", f"`{name}` is a primitive: it needs no contract", d.span)
                continue
            names = dict(signature.params)
            scope = Scope(self.known, self.signatures, "claim", names)
            promises: list[checked.Promise] = []
            for promise in d.promises:
                effects = [
                    (e.word, scope.lock_address(e.lock, locks.EFFECTS[e.word]))
                    for e in promise.effects
                ]
                for value in promise.values:
                    number = self._value(value, signature.result)
                    if number in [promise.value for promise in promises]:
                        headline = f"`{value.name}` has two promises"
                        self.known.error("BFP102", headline, value.span)
                    elif number is not None:
                        promises.append(
                            checked.Promise(
                                number,
                                tuple((w, lock) for w, lock in effects if lock is not None),
                                value.span,
                            )
                        )
            contracts[name] = tuple(promises)
        return contracts

    def _value(self, name: tree.Name, type_: Type) -> int | None:
        found = self.known.constants.get(name.name)
        if found is None or found[1] != type_:
            members = self.known.enums.get(type_.name, ())
            self.known.error(
                "BFP108",
                f"`{name.name}` is no value of {type_}",
                name.span,
                "",
                *nearest(name.name, members),
            )
            return None
        return found[0]

    def tables(self, declarations: Iterable[tree.Declaration]) -> Iterable[checked.Table]:
        self.has_table = any(isinstance(d, tree.Table) for d in declarations)
        outcomes = {d.name for d in declarations if isinstance(d, tree.Outcome)}
        seen = False
        for d in declarations:
            if isinstance(d, tree.Table):
                if seen:
                    self.known.error("BFP102", "a program has one table", d.span)
                    return
                seen = True
                table = self._table(d, outcomes)
                if table is not None:
                    yield table

    def _table(self, d: tree.Table, outcomes: set[str]) -> checked.Table | None:
        signature = self._signature(d.function, "a table of")
        sampled = self._signature(d.sampled_at, "sampled at")
        if signature is None or sampled is None:
            return None
        if d.function.name not in self.functions:
            self.known.error("BFP108", f"`{d.function.name}` is a primitive", d.function.span)
            return None
        if not sampled.atomic:
            self.known.error(
                "BFP108",
                f"`{d.sampled_at.name}` is no primitive",
                d.sampled_at.span,
                "a table is sampled in one step",
            )
            return None
        if len(d.axes) > 4:
            self.known.error("BFP004", "more than 4 axes", d.span)
            return None
        value: int | None = None
        if d.sampled_value is not None:
            scope = Scope(self.known, self.signatures, "claim")
            const = scope.expr(d.sampled_value)
            if const is None:
                return None
            if not isinstance(const, checked.Const) or not scope.fits(sampled.result, const):
                self.known.error(
                    "BFP108", f"a {sampled.result} is wanted here", d.sampled_value.span
                )
                return None
            value = const.value
        scope = Scope(self.known, self.signatures, "claim", self._function_names(d.function.name))
        axes: list[checked.Axis] = []
        for axis in d.axes:
            if axis.name in [known.name for known in axes]:
                self.known.error("BFP102", f"axis `{axis.name}` is there twice", axis.span)
            condition = scope.truth(axis.value)
            if condition is not None:
                axes.append(checked.Axis(axis.name, condition, axis.span))
        if len(axes) < len(d.axes):
            return None
        claimed, rows = self._cells(d, [axis.name for axis in axes], outcomes)
        return checked.Table(
            d.function.name, d.sampled_at.name, value, tuple(axes), claimed, rows, d.span
        )

    def _function_names(self, name: str) -> dict[str, Type]:
        function = self.functions[name]
        return dict((*function.params, *function.locals))

    def _cells(
        self, d: tree.Table, axes: list[str], outcomes: set[str]
    ) -> tuple[tuple[tuple[str, ...], ...], tuple[tuple[int, ...], ...]]:
        """The outcomes claimed of each cell, and the cells that each line of the table is for."""
        claimed: dict[int, tuple[str, ...]] = {}
        rows: list[tuple[int, ...]] = []
        for row in d.rows:
            names = tuple(name.name for name in row.outcomes)
            for name in row.outcomes:
                if name.name not in outcomes and name.name != "never":
                    self.known.error(
                        "BFP101",
                        f"outcome `{name.name}` is not declared",
                        name.span,
                        "",
                        *nearest(name.name, [*outcomes, "never"]),
                    )
            if "never" in names and len(names) > 1:
                self.known.error("BFP108", "`never` stands alone", row.span)
            hit: list[int] = []
            for cell in range(2 ** len(axes)):
                truth = {name: bool(cell >> i & 1) for i, name in enumerate(axes)}
                value = self._pattern(row.pattern, truth)
                if value and cell not in claimed:
                    claimed[cell] = tuple(n for n in names if n != "never")
                    hit.append(cell)
                if value is None:
                    return (), ()
            rows.append(tuple(hit))
            if not hit:
                self.known.error("BFP108", "this case is covered by those above", row.span)
        for cell in range(2 ** len(axes)):
            if cell not in claimed:
                words = " && ".join(
                    name if cell >> i & 1 else f"!{name}" for i, name in enumerate(axes)
                )
                self.known.error("BFP108", f"the table says nothing of {words}", d.span)
        return tuple(claimed.get(cell, ()) for cell in range(2 ** len(axes))), tuple(rows)

    def _pattern(self, node: tree.Expr, truth: dict[str, bool]) -> bool | None:
        match node:
            case tree.Name(name, _) if name in truth:
                return truth[name]
            case tree.Literal("true", _):
                return True
            case tree.Unary("!", arg, _):
                inner = self._pattern(arg, truth)
                return None if inner is None else not inner
            case tree.Binary(("&&" | "||") as op, left, right, _):
                one, two = self._pattern(left, truth), self._pattern(right, truth)
                if one is None or two is None:
                    return None
                return (one and two) if op == "&&" else (one or two)
            case _:
                # All other expressions say nothing of the axes.
                self.known.error(
                    "BFP108",
                    "a case is made of the axes and `!`, `&&`, `||`",
                    node.span,
                    "",
                    f"the axes are {', '.join(truth)}",
                )
                return None

    def claims(
        self, declarations: Iterable[tree.Declaration], tables: Sequence[checked.Table]
    ) -> Iterable[checked.Claim]:
        seen: set[str] = set()
        for d in declarations:
            if not isinstance(d, tree.Claim):
                continue
            if d.name in seen or d.name in BUILT_IN_CLAIMS:
                self.known.error(
                    "BFP102",
                    f"claim `{d.name}` is declared twice"
                    if d.name in seen
                    else f"claim `{d.name}` is built in",
                    d.span,
                )
                continue
            seen.add(d.name)
            claim = self._claim(d, tables)
            if claim is not None:
                yield claim

    def _claim(self, d: tree.Claim, tables: Sequence[checked.Table]) -> checked.Claim | None:
        alone, when = None, None
        if d.alone is not None:
            alone = d.alone.thread.name
            if d.name in self.threads:
                # Its runs are those of a thread of the claim's own name.
                self.known.error("BFP102", f"`{d.name}` is the name of a thread", d.span)
            if alone not in self.threads:
                self.known.error(
                    "BFP101",
                    f"thread `{alone}` is not declared",
                    d.alone.thread.span,
                    "",
                    *nearest(alone, self.threads),
                )
                return None
            if d.alone.when is not None:
                when = Scope(self.known, self.signatures, "claim").truth(d.alone.when)
        clauses = []
        for item in d.clauses:
            clause = self._clause(item, d.alone is not None, tables)
            if clause is not None:
                clauses.append(clause)
        return checked.Claim(d.name, d.sentence, alone, when, tuple(clauses), d.span)

    def _clause(
        self, item: tree.Clause, alone: bool, tables: Sequence[checked.Table]
    ) -> checked.Clause | None:
        names: dict[str, Type] = {}
        where: Where = "claim"
        result, hook = VOID, ""
        if item.kind == "use":
            assert item.hook is not None
            hook = item.hook.name
            if not self._used(item.hook, alone):
                return None
            names = {hook: Type("pointer", hook)}
        elif item.hook is not None:
            signature = self._signature(item.hook, item.kind)
            if signature is None:
                return None
            hook = item.hook.name
            names = dict(signature.params)
            if item.kind == "before" and not signature.atomic:
                self.known.error(
                    "BFP108",
                    f"`{hook}` is no primitive",
                    item.hook.span,
                    "`before` looks at one step",
                )
                return None
            if item.kind == "after":
                if signature.atomic:
                    self.known.error(
                        "BFP108",
                        f"`{hook}` is a primitive",
                        item.hook.span,
                        "`after` looks at a function's return",
                    )
                    return None
                names = self._function_names(hook)
                where, result = "clause", signature.result
        elif item.kind == "table":
            if not tables:
                if not self.has_table:
                    self.known.error("BFP108", "there is no table to look at", item.span)
                return None
            names = self._function_names(tables[0].function)
        if item.kind == "finally" and not alone:
            self.known.error("BFP108", "`finally` needs a thread that runs alone", item.span)
            return None
        if item.kind == "never" and alone:
            self.known.error("BFP108", "`never` speaks of all threads", item.span)
            return None
        if item.kind == "never":
            where = "state"
        condition = Scope(self.known, self.signatures, where, names, result).truth(item.condition)
        if condition is None:
            return None
        return checked.Clause(item.kind, hook, condition, item.span)

    def _used(self, struct: tree.Name, alone: bool) -> bool:
        """Whether `before struct` makes sense of a struct; complains if it does not."""
        name, known = struct.name, self.known
        taken = (known.variables, known.thread_locals, known.constants, RESERVED)
        if f"struct {name}" in locks.BY_TYPE:
            headline = f"`struct {name}` is a lock"
            known.error("BFP108", headline, struct.span, "no code looks into one")
        elif name not in known.structs:
            headline = f"struct `{name}` is not declared"
            known.error("BFP101", headline, struct.span, "", *nearest(name, known.structs))
        elif not known.objects.get(name):
            headline = f"there is no object of struct `{name}` to be used"
            known.error("BFP108", headline, struct.span)
        elif any(name in some for some in taken):
            # In the condition the name stands for the object that is used.
            headline = f"`{name}` already means something else"
            known.error("BFP102", headline, struct.span, "here it would be the object used")
        elif alone:
            headline = "`before struct` speaks of all threads"
            known.error("BFP108", headline, struct.span, "not of one that runs alone")
        else:
            return True
        return False

    def known_bugs(
        self, declarations: Sequence[tree.Declaration], tables: Sequence[checked.Table]
    ) -> Iterable[checked.Known]:
        """Names of bugs: each for a claim that there is, and for a way to break it."""
        stated = {d.name: d for d in declarations if isinstance(d, tree.Claim)}
        claims = [*stated, *(n for n in BUILT_IN_CLAIMS if n != "table" or self.has_table)]
        topics = self._topics(declarations)
        named: list[checked.Known] = []
        for d in declarations:
            if not isinstance(d, tree.Known):
                continue
            there = self._is_there("claim", d.claim, claims)
            if d.scenario is not None:
                there &= self._is_there("scenario", d.scenario, sorted(self.scenarios))
            for topic in d.topics:
                there &= self._is_there("name", topic, topics)
            cases: tuple[int, ...] | None = ()
            if d.pattern is not None:
                cases = self._cases(d, stated.get(d.claim.name), tables)
            found = checked.Known(
                d.claim.name,
                "" if d.scenario is None else d.scenario.name,
                cases or (),
                tuple(sorted({topic.name for topic in d.topics})),
                d.sentence,
            )
            if not d.sentence.strip():
                self.known.error("BFP108", "a known bug needs a name", d.span)
            elif there and d.pattern is None and not d.topics and _several_ways(d, stated):
                headline = f"`{d.claim.name}` can be broken in several ways: which is known?"
                hint = (
                    "known table case AXES"
                    if d.claim.name == "table"
                    else (
                        f"known {d.claim.name} about NAME: a lock, an object, a struct, a thread, "
                        "a function or an outcome"
                    )
                )
                self.known.error("BFP108", headline, d.claim.span, "", hint)
            elif any(_same(found, other) for other in named):
                headline = f"what refutes `{found.claim}` so has a name already"
                self.known.error("BFP102", headline, d.span)
            elif there and cases is not None:
                named.append(found)
                yield found

    def _topics(self, declarations: Sequence[tree.Declaration]) -> list[str]:
        """All that a way to break a claim may be about."""
        known = self.known
        outcomes = [d.name for d in declarations if isinstance(d, tree.Outcome)]
        objects = [name for names in known.objects.values() for name in names]
        return [
            *dict.fromkeys(
                [*self.signatures, *self.threads, *known.structs, *objects, *known.locks, *outcomes]
            )
        ]

    def _cases(
        self, d: tree.Known, claim: tree.Claim | None, tables: Sequence[checked.Table]
    ) -> tuple[int, ...] | None:
        """The cells that a pattern of axes speaks of; complains if there are none."""
        assert d.pattern is not None
        if not self.has_table:
            self.known.error("BFP108", "there is no table, so there are no cases", d.pattern.span)
        elif claim is not None and claim.alone is not None:
            headline = "a call that runs alone is known by its outcome"
            self.known.error("BFP108", headline, d.pattern.span, "", f"known {claim.name} about")
        for table in tables[:1] if claim is None or claim.alone is None else ():
            found = []
            for cell in range(2 ** len(table.axes)):
                truth = {axis.name: bool(cell >> i & 1) for i, axis in enumerate(table.axes)}
                value = self._pattern(d.pattern, truth)
                if value is None:
                    return None
                if value:
                    found.append(cell)
            if not found:
                self.known.error("BFP108", "this is no case at all", d.pattern.span)
            return tuple(found) or None
        return None

    def _is_there(self, what: str, name: tree.Name, known: Sequence[str]) -> bool:
        if name.name in known:
            return True
        headline = f"{what} `{name.name}` is not declared"
        self.known.error("BFP101", headline, name.span, "", *nearest(name.name, known))
        return False


# What is checked without being asked; verify.lower words them.
BUILT_IN_CLAIMS = (
    "table",
    "balance",
    "lock-use",
    "atomic-sleep",
    "irq-safe",
    "memory",
    "stuck",
    "vacuity",
)


def _several_ways(d: tree.Known, stated: Mapping[str, tree.Claim]) -> bool:
    """Whether a claim can be broken in more than one way: what is never may just be."""
    claim = stated.get(d.claim.name)
    return claim is None or [clause.kind for clause in claim.clauses] != ["never"]


def _same(one: checked.Known, two: checked.Known) -> bool:
    """Whether two names are for the same."""
    return (one.claim, one.cases, one.topics) == (two.claim, two.cases, two.topics) and (
        one.scenario == two.scenario or not (one.scenario and two.scenario)
    )
