"""What a certificate says in words, and what it means of a program: points, lemmas, runs.

A program point is called by the place of what is done there, `mm.bfh:212`, or
`mm.bfh:212.2` if several are; a range `212..218` is in the order of the code.  A
certificate has the names of its time, so that a text whose lines have moved since
still has what they mean.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from verify.artifact.form import MalformedError
from verify.certify.lemmas import REPLICATED_STRIDE, Lemma, Literal
from verify.certify.places import WaitingPlace
from verify.certify.system import System
from verify.ir import Command, Domain, Program, Scenario, Thread, Variable, instance
from verify.locks import FREE, NUMBERS, exact_name
from verify.verdicts import Schedule

# A mode of a lock by its name, as the number that a lemma has.
MODES = {"no" if held == FREE else exact_name(held): held for held in NUMBERS}
MODE_NAMES = {held: name for name, held in MODES.items()}
HELD = ("no", "yes")
ENTRY, END = "entry", "end"
OR = " | "


def names_of_points(thread: Thread) -> tuple[str, ...]:
    """A name for each pc of a thread, none twice."""
    first: dict[int, Command] = {}
    last = max(thread.entry, thread.end)
    for command in thread.commands:
        last = max(last, command.source, command.target)
        if command.places:
            first.setdefault(command.source, command)
    names: list[str] = []
    count: dict[str, int] = {}
    for pc in range(last + 1):
        name = ENTRY if pc == thread.entry else END if pc == thread.end else ""
        if not name and pc in first:
            span = first[pc].places[first[pc].main].span
            name = f"{_file(span.source.path)}:{span.line}"
        name = name or "nowhere"
        count[name] = count.get(name, 0) + 1
        names.append(name if count[name] == 1 else f"{name}.{count[name]}")
    return tuple(names)


def _file(path: str) -> str:
    """A file's name without what separates names here."""
    return re.sub(r"[^\w.-]|\.(?=\.)", "_", posixpath.basename(path))


def listed(names: Iterable[str]) -> str:
    """Names of points in a row, the file said once where it stays the same."""
    said, file = [], ""
    for name in names:
        here, colon, line = name.rpartition(":")
        said.append(line if colon and here == file else name)
        file = here if colon else file
    return " ".join(said)


def unlisted(words: str) -> Iterator[str]:
    """What `listed` was given."""
    file = ""
    for word in words.split(" "):
        here, colon, _ = word.rpartition(":")
        file = here if colon else file
        bare = colon or not word[:1].isdecimal()
        yield word if bare else f"{file}:{word}"


@dataclass(frozen=True)
class PointNames:
    """The points of one thread, by the names that a certificate has for them."""

    names: tuple[str, ...]

    @cached_property
    def at(self) -> dict[str, int]:
        """The pc for each name."""
        return {name: pc for pc, name in enumerate(self.names)}

    def said(self, pcs: Sequence[int]) -> str:
        """Some pcs, those next to each other as ranges."""
        parts: list[str] = []
        i = 0
        while i < len(pcs):
            j = i
            while j + 1 < len(pcs) and pcs[j + 1] == pcs[j] + 1:
                j += 1
            parts += [self.names[pcs[i]]] if i == j else [self.names[pcs[i]], self.names[pcs[j]]]
            if i < j:
                parts[-1] = f"..{parts[-1]}"
            i = j + 1
        words = listed(part.removeprefix("..") for part in parts).split(" ")
        text = ""
        for part, word in zip(parts, words, strict=True):
            text += f"..{word}" if part.startswith("..") else f" {word}"
        return text.strip()

    def meant(self, words: str) -> list[int]:
        """What `said` was given.

        Raises:
            Malformed: it was not.
        """
        pcs: list[int] = []
        names = list(unlisted(words.replace("..", " ")))
        sizes = [part.count("..") for part in words.split(" ")]
        if any(size > 1 for size in sizes) or len(names) != len(sizes) + sum(sizes):
            raise MalformedError("a range has two ends")
        position = 0
        for size in sizes:
            ends = [self.pc(name) for name in names[position : position + size + 1]]
            pcs += range(ends[0], ends[-1] + 1)
            position += size + 1
        return pcs

    def pc(self, name: str) -> int:
        """The pc of that name."""
        if name not in self.at:
            raise MalformedError(f"there is no point {name[:80]}")
        return self.at[name]


class CertificateWords:
    """A scenario and its system in the words of a certificate, and back."""

    def __init__(
        self,
        program: Program,
        scenario: Scenario,
        points: Mapping[str, str] | None = None,
    ) -> None:
        """`points` are those of a certificate, by thread; else they are named afresh.

        Raises:
            Malformed: they are not those of the program's threads.
        """
        self.program = program
        self.scenario = scenario
        self._shared = {variable.name: variable for variable in program.shared}
        members = {name for name, _ in scenario.members}
        self.threads = {
            thread.name: thread
            for thread in program.threads
            if thread.kind != "thread" or thread.name in members
        }
        self.points = {
            name: PointNames(names_of_points(thread)) for name, thread in self.threads.items()
        }
        if points is not None:
            self.points = {name: self._named(name, points) for name in self.threads}

    def _named(self, name: str, points: Mapping[str, str]) -> PointNames:
        names = tuple(unlisted(points.get(name, "")))
        if len(names) != len(self.points[name].names) or len(set(names)) < len(names):
            raise MalformedError(f"`points` does not name each point of {name} once")
        return PointNames(names)

    def all_points(self) -> dict[str, str]:
        """The names of all points, by thread."""
        return {name: listed(points.names) for name, points in self.points.items()}

    # ---------------------------------------------------------------- lemmas

    def lemma(self, system: System, lemma: Lemma) -> dict[str, str]:
        """A lemma: what never is at once."""
        fixed = labels([t.name for t in system.fixed])
        found: dict[str, str] = {}
        for one in lemma.shared:
            match one.kind:
                case "shared":
                    found[one.name] = _said(self._shared[one.name].domain, one.values)
                case "held":
                    found[f"held {one.name}"] = OR.join(HELD[v] for v in one.values)
                case "pc" | "lock" | "local":
                    who = fixed[one.thread]
                    found |= self._own(who, system.fixed[one.thread].name, one)
        for number, part in enumerate(lemma.replicated, start=1):
            for one in part:
                found |= self._of_replicated(str(number), system, one)
        return found

    def _own(self, who: str, thread: str, one: Literal) -> dict[str, str]:
        match one.kind:
            case "pc":
                return {f"{who} at": self.points[thread].said(one.values)}
            case "lock":
                return {f"{who} holds {one.name}": OR.join(MODE_NAMES[v] for v in one.values)}
            case "local":
                domain = _local(self.threads[thread], one.name).domain
                return {f"{who} has {one.name}": _said(domain, one.values)}
            case "shared" | "held":
                raise AssertionError(f"{one.name} is no thread's own")

    def _of_replicated(self, who: str, system: System, one: Literal) -> dict[str, str]:
        if one.kind == "lock":
            return self._own(who, "", one)
        if one.kind == "local":
            number, _, name = one.name.partition(":")
            thread = system.replicated[int(number)].name
            domain = _local(self.threads[thread], name).domain
            return {f"{who} has {thread}.{name}": _said(domain, one.values)}
        found = []
        for k, thread_ in enumerate(system.replicated):
            pcs = [v - k * REPLICATED_STRIDE for v in one.values if v // REPLICATED_STRIDE == k]
            if pcs:
                found.append(f"{thread_.name} {self.points[thread_.name].said(pcs)}")
        return {f"{who} at": "; ".join(found)}

    def meant(self, system: System, words: Mapping[str, str]) -> Lemma:
        """The lemma that was put so.

        Raises:
            Malformed: none was.
        """
        fixed = labels([t.name for t in system.fixed])
        shared: list[Literal] = []
        replicated: dict[str, list[Literal]] = {}
        for key, value in words.items():
            who, _, rest = key.partition(" ")
            if not rest:
                domain = _known(self._shared, key).domain
                shared.append(Literal("shared", key, -1, _meant(domain.labels, value, domain.low)))
            elif who == "held":
                shared.append(Literal("held", rest, -1, _meant(HELD, value)))
            elif who in fixed:
                index = fixed.index(who)
                thread = system.fixed[index].name
                shared.append(self._literal(rest, value, index, thread))
            elif who in ("1", "2"):
                replicated.setdefault(who, []).append(self._replicated_literal(system, rest, value))
            else:
                raise MalformedError(f"a lemma speaks of {key[:80]}, which there is not")
        return Lemma(
            tuple(sorted(shared)),
            tuple(tuple(sorted(replicated[who])) for who in sorted(replicated)),
        )

    def _literal(self, said: str, value: str, index: int, thread: str) -> Literal:
        verb, _, name = said.partition(" ")
        match verb:
            case "at" if not name:
                return Literal("pc", "", index, tuple(self.points[thread].meant(value)))
            case "holds":
                return Literal("lock", name, index, _values(MODES, value))
            case "has":
                domain = _known({v.name: v for v in self.threads[thread].locals}, name).domain
                return Literal("local", name, index, _meant(domain.labels, value, domain.low))
            case _:
                raise MalformedError(f"a lemma speaks of {said[:80]}, which there is not")

    def _replicated_literal(self, system: System, said: str, value: str) -> Literal:
        names = [thread.name for thread in system.replicated]
        verb, _, name = said.partition(" ")
        if verb == "has":
            thread, _, local = name.partition(".")
            if thread in names:
                found = self._literal(f"has {local}", value, -1, thread)
                return Literal("local", f"{names.index(thread)}:{local}", -1, found.values)
        elif verb == "at" and not name:
            pcs: list[int] = []
            for part in value.split("; "):
                thread, _, points = part.partition(" ")
                if thread not in names:
                    raise MalformedError(f"a lemma speaks of {thread[:80]}, which there is not")
                k = names.index(thread)
                pcs += (k * REPLICATED_STRIDE + pc for pc in self.points[thread].meant(points))
            return Literal("pc", "", -1, tuple(pcs))
        elif verb == "holds":
            return self._literal(said, value, -1, "")
        raise MalformedError(f"a lemma speaks of {said[:80]}, which there is not")

    def places(self, system: System, places: Sequence[WaitingPlace]) -> tuple[str, ...]:
        """A name for each place at which somebody may wait."""
        fixed = labels([t.name for t in system.fixed])
        names, count = [], dict[str, int]()
        for place in places:
            who = place.thread.name if place.single < 0 else fixed[place.single]
            name = f"{who} {self.points[place.thread.name].names[place.pc]}"
            count[name] = count.get(name, 0) + 1
            names.append(name if count[name] == 1 else f"{name} ({count[name]})")
        return tuple(names)

    # ------------------------------------------------------------------ runs

    def run(self, schedule: Schedule) -> dict[str, Any]:
        """A run: who goes, through which places, taking which of several ways on."""
        code = instance(self.program, self.scenario, schedule.threads, schedule.turning)
        who = labels([thread.name for thread in code])
        stretches: list[tuple[int, list[int]]] = []
        for index, number in schedule.moves:
            if not stretches or stretches[-1][0] != index:
                stretches.append((index, []))
            stretches[-1][1].append(number)
        found: dict[str, Any] = {"threads": schedule.threads}
        if schedule.turning:
            found["again"] = True
        found["steps"] = [
            [who[index], self._through(code[index], numbers)] for index, numbers in stretches
        ]
        if schedule.solo:
            solo = self._solo(schedule.solo)
            found["alone"] = [solo.name, self._through(solo, schedule.alone)]
        return found

    def _through(self, thread: Thread, numbers: Sequence[int]) -> str:
        points = self.points[thread.name]
        ways = _ways(thread)
        words = listed(points.names[thread.commands[number].source] for number in numbers)
        said = []
        for word, number in zip(words.split(" "), numbers, strict=False):
            here = ways[thread.commands[number].source]
            said.append(f"{word}/{here.index(number) + 1}" if len(here) > 1 else word)
        return " ".join(said)

    def schedule(self, run: Mapping[str, Any]) -> Schedule:
        """The run that was put so.

        Raises:
            Malformed: none was.
        """
        turning = "again" in run
        code = instance(self.program, self.scenario, run["threads"], turning)
        who = labels([thread.name for thread in code])
        moves: list[tuple[int, int]] = []
        for name, words in run["steps"]:
            if name not in who:
                raise MalformedError(f"a run has no thread {name[:80]}")
            index = who.index(name)
            moves += ((index, number) for number in self._taken(code[index], words))
        solo, alone = "", tuple[int, ...]()
        if "alone" in run:
            solo = run["alone"][0]
            alone = tuple(self._taken(self._solo(solo), run["alone"][1]))
        return Schedule(
            threads=run["threads"], turning=turning, moves=tuple(moves), solo=solo, alone=alone
        )

    def _solo(self, name: str) -> Thread:
        thread = self.threads.get(name)
        if thread is None or thread.kind != "solo":
            raise MalformedError(f"no thread {name[:80]} runs alone")
        return thread

    def _taken(self, thread: Thread, words: str) -> Iterator[int]:
        if not words:
            return
        points, ways = self.points[thread.name], _ways(thread)
        parts = [word.partition("/") for word in words.split(" ")]
        names = unlisted(" ".join(place for place, _, _ in parts))
        for name, (_, slash, way) in zip(names, parts, strict=True):
            here = ways.get(points.pc(name), [])
            number = int(way) if way.isascii() and way.isdecimal() and len(way) < 7 else 0
            number = number if slash else 1
            if not 1 <= number <= len(here) or bool(slash) != (len(here) > 1):
                raise MalformedError(f"{thread.name} has no such way on at {name[:80]}")
            yield here[number - 1]


def lemma_name(words: Mapping[str, str]) -> str:
    """What a lemma is called: short, and the same wherever it stands."""
    text = json.dumps(words, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def labels(names: Sequence[str]) -> tuple[str, ...]:
    """`writer`, or `writer#2` for the second of a name."""
    found, count = [], dict[str, int]()
    for name in names:
        count[name] = count.get(name, 0) + 1
        found.append(name if count[name] == 1 else f"{name}#{count[name]}")
    return tuple(found)


def _ways(thread: Thread) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for number, command in enumerate(thread.commands):
        found.setdefault(command.source, []).append(number)
    return found


def _local(thread: Thread, name: str) -> Variable:
    return next(v for v in thread.locals if v.name == name)


def _known(among: Mapping[str, Variable], name: str) -> Variable:
    if name not in among:
        raise MalformedError(f"a lemma speaks of {name[:80]}, which there is not")
    return among[name]


def _said(domain: Domain, values: Iterable[int]) -> str:
    return OR.join(domain.word(value) for value in values)


def _meant(words: Sequence[str], said: str, low: int = 0) -> tuple[int, ...]:
    return _values({word: low + i for i, word in enumerate(words)}, said)


def _values(known: Mapping[str, int], said: str) -> tuple[int, ...]:
    found = [known.get(word) for word in said.split(OR)]
    values = [value for value in found if value is not None]
    if len(values) < len(found) or len(set(values)) < len(values):
        raise MalformedError(f"{said[:80]} are no values, or one is there twice")
    return tuple(values)
