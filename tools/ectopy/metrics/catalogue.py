"""The figures of a run record that can be compared, gated and followed, each declared once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from ectopy.errors import InputError
from ectopy.records import RunRecord
from ectopy.vocab import Better, Quantity

Values = Mapping[str, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One figure, or one for each class.

    Attributes:
        key: Its name in records, gates and on the command line.
        read: Values by class; the class of a figure for the whole run is "".
    """

    key: str
    title: str
    quantity: Quantity
    better: Better
    read: Callable[[RunRecord], Values]

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


def _whole(
    key: str,
    title: str,
    quantity: Quantity,
    read: Callable[[RunRecord], float | None],
    better: Better = Better.LOWER,
) -> Metric:
    return Metric(
        key=key, title=title, quantity=quantity, better=better, read=lambda run: {"": read(run)}
    )


def _score(key: str, title: str, read: Callable[[RunRecord], Values]) -> Metric:
    return Metric(key=key, title=title, quantity=Quantity.SCORE, better=Better.HIGHER, read=read)


def _each_class(key: str, title: str) -> Metric:
    return _score(
        key,
        title,
        lambda run: {c: getattr(run.accuracy.per_class[c], key) for c in run.model.classes},
    )


METRICS: tuple[Metric, ...] = (
    _each_class("sensitivity", "Se"),
    _each_class("ppv", "+P"),
    _each_class("f1", "F1"),
    _score("macro_f1", "macro F1", lambda run: {"": run.accuracy.macro_f1}),
    _score("weighted_f1", "weighted F1", lambda run: {"": run.accuracy.weighted_f1}),
    _score("accuracy", "accuracy", lambda run: {"": run.accuracy.accuracy}),
    _whole(
        "output_mismatches",
        "windows unlike the reference",
        Quantity.COUNT,
        lambda run: run.agreement.output_mismatches,
    ),
    _whole(
        "max_abs_lsb",
        "largest output difference",
        Quantity.COUNT,
        lambda run: run.agreement.max_abs_lsb,
    ),
    _whole(
        "invoke_median", "inference median", Quantity.TICKS, lambda run: run.latency.invoke_median
    ),
    _whole("invoke_p99", "inference p99", Quantity.TICKS, lambda run: run.latency.invoke_p99),
    _whole("invoke_max", "inference max", Quantity.TICKS, lambda run: run.latency.invoke_max),
    _whole(
        "preprocess_median",
        "preprocess median",
        Quantity.TICKS,
        lambda run: run.latency.preprocess_median,
    ),
    _whole(
        "estimated_cycles",
        "estimated cycles",
        Quantity.COUNT,
        lambda run: run.latency.estimated_cycles,
    ),
    _whole(
        "estimated_ms", "estimated ms", Quantity.MILLISECONDS, lambda run: run.latency.estimated_ms
    ),
    _whole("arena_bytes", "arena", Quantity.BYTES, lambda run: run.memory.arena_bytes),
    _whole(
        "stack_high_water_bytes",
        "stack high water",
        Quantity.BYTES,
        lambda run: run.memory.stack_high_water_bytes,
    ),
    _whole("flash_bytes", "flash", Quantity.BYTES, lambda run: run.firmware.flash_bytes),
    _whole("ram_bytes", "RAM", Quantity.BYTES, lambda run: run.firmware.ram_bytes),
    _whole("windows_lost", "windows lost", Quantity.COUNT, lambda run: run.link.windows_lost),
    _whole("retries", "requests repeated", Quantity.COUNT, lambda run: run.link.retries),
    _whole("crc_errors", "CRC errors", Quantity.COUNT, lambda run: run.link.crc_errors),
    _whole(
        "bytes_per_s",
        "link, B/s",
        Quantity.RATE,
        lambda run: run.link.bytes_per_s,
        Better.HIGHER,
    ),
    _whole(
        "windows_per_s",
        "link, windows/s",
        Quantity.RATE,
        lambda run: run.link.windows_per_s,
        Better.HIGHER,
    ),
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
