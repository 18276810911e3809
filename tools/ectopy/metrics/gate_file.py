"""Gates on one run: what a gates file holds, and the errors in it.

A file is a list of sets. Each set says for which runs it is meant and what these must reach::

    model = "beat-3-eff-sm"

    [[gates]]
    about = "virt, engine aot"
    when = { board = "virt", engine = "aot" }
    max.invoke_median.instructions = 6_500_000
    max.arena_bytes = 12_288
    unset.estimated_ms = "why there is no limit yet"

    [[gates]]
    about = "F1 on the whole of DS2"
    when = { dataset = "mitdb", split = "ds2", limit = "all" }
    min.f1 = { N = 0.94, PAC = 0.14 }
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ectopy.errors import InputError
from ectopy.metrics.catalogue import METRICS, Metric, find_metric, unknown_name
from ectopy.metrics.gates import SECTIONS, read_limit
from ectopy.vocab import Better, Quantity, TickUnit

DIRECTIONS = {"max": Better.LOWER, "min": Better.HIGHER}
"""Section of a set -> the metrics that belong there."""

CONDITIONS = ("board", "engine", "optimized_for", "dataset", "split", "limit", "sha256")
SHORTEST_SHA256 = 8
_KEYS = ("about", "when", *DIRECTIONS, "unset")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What a metric must reach.

    Attributes:
        of: The class; "" for the whole run, None for every class of the model.
        unit: Of ticks; None for metrics that have one unit only.
        limit: In the metric's unit, scores from 0 to 1; None if there is none yet.
        reason: Why there is none.
    """

    metric: Metric
    of: str | None
    unit: TickUnit | None = None
    limit: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSet:
    """Gates for the runs that meet all conditions.

    Attributes:
        conditions: Those of :data:`CONDITIONS` that are given, and the text that is wanted.
    """

    about: str
    conditions: Mapping[str, str]
    gates: tuple[Gate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFile:
    """All sets of a file.

    Attributes:
        model: Name of the model that they are for; empty for any.
    """

    model: str
    sets: tuple[GateSet, ...]


def read_gate_file(tree: Mapping[str, object]) -> GateFile:
    """Checks the contents of a gates file.

    Raises:
        InputError: An unknown key, metric or unit, a metric in the wrong section, a limit that is
            no number of its kind, or no gate at all.
    """
    for key in tree:
        if key in SECTIONS:
            raise InputError(
                f"[{key}] compares two runs",
                hint="that is for `ectopy compare --gates`; here sets start with [[gates]]",
            )
        if key not in ("model", "gates"):
            raise unknown_name("key", key, ["model", "gates"])
    model, sets = tree.get("model", ""), tree.get("gates", [])
    if not isinstance(model, str):
        raise InputError("model is not the name of a model")
    if not isinstance(sets, list) or not all(isinstance(each, Mapping) for each in sets):
        raise InputError("gates is not a list of sets", hint="write [[gates]] above each")
    if not sets:
        raise InputError("there are no gates", hint="write [[gates]] above a set of them")
    return GateFile(model=model, sets=tuple(_set(n, each) for n, each in enumerate(sets, 1)))


def _set(number: int, entries: Mapping[str, object]) -> GateSet:
    about = entries.get("about")
    where = f"set {number}" if not isinstance(about, str) else f"set {number} ({about})"
    try:
        for key in entries:
            if key not in _KEYS:
                raise unknown_name("key", key, list(_KEYS))
        if not isinstance(about, str) or not about:
            raise InputError("it does not say what it is about", hint='about = "..."')
        conditions = dict(_conditions(entries))
        gates = tuple(_gates(entries))
        if not gates:
            raise InputError("there is no gate", hint="for example max.output_mismatches = 0")
        return GateSet(about=about, conditions=conditions, gates=gates)
    except InputError as error:
        raise InputError(f"{where}: {error.message}", hint=error.hint) from error


def _conditions(entries: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, wanted in _table(entries, "when").items():
        if name not in CONDITIONS:
            raise unknown_name("condition", name, list(CONDITIONS))
        whole = type(wanted) is int and name == "limit"
        if not whole and (not isinstance(wanted, str) or not wanted):
            raise InputError(f"when.{name} = {str(wanted)[:40]!r} is not text")
        text = str(wanted)
        if name == "sha256" and len(text) < SHORTEST_SHA256:
            raise InputError(f"when.sha256 = {text!r} has fewer than {SHORTEST_SHA256} digits")
        yield name, text


def _gates(entries: Mapping[str, object]) -> Iterator[Gate]:
    for section, better in DIRECTIONS.items():
        for key, entry in _table(entries, section).items():
            metric = _metric(section, key, better)
            yield from _limits(metric, f"{section}.{key}", entry)
    for key, entry in _table(entries, "unset").items():
        metric = find_metric(key)
        reasons: Mapping[str | None, object] = {None if metric.per_class else "": entry}
        if metric.per_class and isinstance(entry, Mapping):
            reasons = entry
        if not reasons:
            raise InputError(f"unset.{key} names no class")
        for of, reason in reasons.items():
            if not isinstance(reason, str) or not reason:
                raise InputError(f"unset.{key} does not say why", hint="write the reason as text")
            yield Gate(metric=metric, of=of, limit=None, reason=reason)


def _metric(section: str, key: str, better: Better) -> Metric:
    if key not in {metric.key for metric in METRICS}:
        raise unknown_name(f"metric in {section}", key, _keys_of(better))
    metric = find_metric(key)
    if metric.better is not better:
        (right,) = (name for name, each in DIRECTIONS.items() if each is metric.better)
        raise InputError(
            f"{key} does not belong in {section}: {metric.better} is better",
            hint=f"write {right}.{key}",
        )
    return metric


def _keys_of(better: Better) -> list[str]:
    return [metric.key for metric in METRICS if metric.better is better]


def _limits(metric: Metric, name: str, entry: object) -> Iterator[Gate]:
    if metric.quantity is Quantity.TICKS:
        if not isinstance(entry, Mapping) or not entry:
            raise InputError(
                f"{name} does not say in which unit", hint=f"{name}.{TickUnit.CYCLES} = ..."
            )
        for unit, limit in entry.items():
            if unit not in list(TickUnit):
                raise unknown_name(f"unit of {name}", unit, [*TickUnit])
            at = read_limit(f"{name}.{unit}", limit)
            yield Gate(metric=metric, of="", unit=TickUnit(unit), limit=at)
        return
    if metric.per_class and isinstance(entry, Mapping):
        if not entry:
            raise InputError(f"{name} names no class")
        for of, limit in entry.items():
            yield Gate(metric=metric, of=of, limit=_in_range(metric, f"{name}.{of}", limit))
        return
    limit = _in_range(metric, name, entry)
    yield Gate(metric=metric, of=None if metric.per_class else "", limit=limit)


def _in_range(metric: Metric, name: str, entry: object) -> float:
    limit = read_limit(name, entry)
    if metric.quantity is Quantity.SCORE and limit > 1:
        raise InputError(
            f"{name} = {limit:g} is out of reach: scores go from 0 to 1",
            hint=f"if you meant {limit:g} %, write {limit / 100:g}",
        )
    return limit


def _table(entries: Mapping[str, object], key: str) -> Mapping[str, object]:
    table = entries.get(key, {})
    if not isinstance(table, Mapping):
        raise InputError(f"{key} is not a table", hint=f"for example {key} = {{ ... }}")
    return table
