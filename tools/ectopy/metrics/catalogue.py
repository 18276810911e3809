"""The figures of a run record that can be compared, gated and followed, each declared once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from operator import attrgetter

from ectopy.errors import InputError
from ectopy.records import RunRecord
from ectopy.vocab import Better, Quantity

Values = Mapping[str, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One figure, or one for each class.

    Attributes:
        key: Its name in records, gates and on the command line.
        path: Dotted path in the record of what holds it, or an object of it for each class.
        per_class: Whether there is one for each class of the model.
    """

    key: str
    title: str
    quantity: Quantity
    better: Better
    path: str
    per_class: bool = False

    def read(self, record: RunRecord) -> Values:
        """Values by class; the class of a figure for the whole run is ""."""
        holder = attrgetter(self.path)(record)
        if not self.per_class:
            return {"": getattr(holder, self.key)}
        return {name: getattr(holder[name], self.key) for name in record.model.classes}

    def why_unknown(self, record: RunRecord, of: str) -> str:
        """What the record says about a value that is null there."""
        holder = f"{self.path}.{of}" if self.per_class else self.path
        return record.note_about(f"{holder}.{self.key}")

    @property
    def absolute_gate(self) -> str:
        """Name of a threshold in the metric's own unit; percentage points for scores."""
        return f"{self.key}_points" if self.quantity is Quantity.SCORE else self.key

    @property
    def relative_gate(self) -> str | None:
        """Name of a threshold in percent of the earlier value; scores have none."""
        if self.quantity is Quantity.SCORE:
            return None
        return f"{self.key.removesuffix('_bytes')}_percent"


def _score(key: str, title: str, *, per_class: bool = False) -> Metric:
    return Metric(
        key=key,
        title=title,
        quantity=Quantity.SCORE,
        better=Better.HIGHER,
        path="accuracy.per_class" if per_class else "accuracy",
        per_class=per_class,
    )


def _low(key: str, title: str, quantity: Quantity, path: str) -> Metric:
    return Metric(key=key, title=title, quantity=quantity, better=Better.LOWER, path=path)


def _rate(key: str, title: str) -> Metric:
    return Metric(key=key, title=title, quantity=Quantity.RATE, better=Better.HIGHER, path="link")


METRICS: tuple[Metric, ...] = (
    _score("sensitivity", "Se", per_class=True),
    _score("ppv", "+P", per_class=True),
    _score("f1", "F1", per_class=True),
    _score("macro_f1", "macro F1"),
    _score("weighted_f1", "weighted F1"),
    _score("accuracy", "accuracy"),
    _low("output_mismatches", "windows unlike the reference", Quantity.COUNT, "agreement"),
    _low("max_abs_lsb", "largest output difference", Quantity.COUNT, "agreement"),
    _low("invoke_median", "inference median", Quantity.TICKS, "latency"),
    _low("invoke_p99", "inference p99", Quantity.TICKS, "latency"),
    _low("invoke_max", "inference max", Quantity.TICKS, "latency"),
    _low("preprocess_median", "preprocess median", Quantity.TICKS, "latency"),
    _low("estimated_cycles", "estimated cycles", Quantity.COUNT, "latency"),
    _low("estimated_ms", "estimated ms", Quantity.MILLISECONDS, "latency"),
    _low("arena_bytes", "arena", Quantity.BYTES, "memory"),
    _low("stack_high_water_bytes", "stack high water", Quantity.BYTES, "memory"),
    _low("flash_bytes", "flash", Quantity.BYTES, "firmware"),
    _low("ram_bytes", "RAM", Quantity.BYTES, "firmware"),
    _low("windows_lost", "windows lost", Quantity.COUNT, "link"),
    _low("retries", "requests repeated", Quantity.COUNT, "link"),
    _low("crc_errors", "CRC errors", Quantity.COUNT, "link"),
    _rate("bytes_per_s", "link, B/s"),
    _rate("windows_per_s", "link, windows/s"),
)


def find_metric(key: str) -> Metric:
    """The metric of that key.

    Raises:
        InputError: There is none; names the nearest.
    """
    for metric in METRICS:
        if metric.key == key:
            return metric
    raise unknown_name("metric", key, [metric.key for metric in METRICS])


def unknown_name(what: str, name: str, known: list[str]) -> InputError:
    """The error for a name that is not in a closed set, with the nearest that is."""
    longer = [each for each in known if name and each.startswith(name)]
    near = longer or get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
    return InputError(f"unknown {what} {name!r}", hint=hint)
