"""What ``ectopy diff`` shows."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from ectopy.metrics import TensorDifference
from ectopy.usecases.diff_types import DiffReport, OperatorDifference
from ectopy.vocab import CAUSES, Cause, Optimize


def screen(report: DiffReport) -> Table:
    """All that ``ectopy diff`` found, as named lines."""
    identity = report.identity
    rows = [
        ("Board", f"{identity.board}, engine {identity.engine}, build {identity.build_id}"),
        ("Model", f"{identity.model}, sha256 {identity.tflite_sha256[:12]}"),
        ("Reference", report.reference),
        ("Windows", f"{report.windows_sent} compared ({report.dataset})"),
    ]
    if identity.stale_firmware:
        rows.append(("Warning", f"these sources give build {identity.expected_build_id}"))
    if report.window is not None:
        window = report.window
        rows += [
            ("Window", f"{window.index} (record {window.record}, beat at {window.beat_sample})"),
            ("Outputs", f"board {window.device_outputs}, reference {window.reference_outputs}"),
            ("Operators", f"{report.operators_compared} compared"),
        ]
    if report.operator is not None:
        rows += _operator_rows(report.operator)
    if report.input_tensor is not None:
        rows += [("Input tensor", _tensor(report.input_tensor))]
    if not report.differs:
        rows.append(("Result", "no difference"))
    elif not report.causes:
        rows.append(("Cause", "not a known one: no mistake in the table gives this tensor"))
    rows += [(_link(i, cause), CAUSES[cause]) for i, cause in enumerate(report.causes)]
    table = Table.grid(padding=(0, 2))
    for name, text in rows:
        table.add_row(Text(name, style="bold"), Text(text))
    return table


def _link(position: int, cause: Cause) -> str:
    """Mistakes that this tensor does not tell apart exclude each other; an old build does not."""
    if position == 0:
        return "Cause"
    return "and" if cause is Cause.STALE_FIRMWARE else "or"


def _operator_rows(found: OperatorDifference) -> list[tuple[str, str]]:
    kernel = found.kernel or "no kernel: the same memory as its input"
    if len(found.together) > 1:
        kernel += f" of operators {found.together[0]} to {found.together[-1]}"
    shape = "x".join(map(str, found.shape))
    first = f"the board has {found.device_bytes} bytes for a tensor of {shape}"
    return [
        ("Differs", f"operator {found.index} {found.kind}, {found.layer}"),
        ("Kernel", f"{kernel}, output {shape}"),
        ("First", _tensor(found.tensor) if found.tensor else first),
        ("Its inputs", "equal" if found.inputs_equal else "differ"),
    ]


def _tensor(difference: TensorDifference) -> str:
    return (
        f"at {difference.position}: board {difference.device}, reference {difference.reference}; "
        f"{difference.differing} of {difference.elements} elements differ, "
        f"at most by {difference.max_abs_lsb}"
    )


def verdict(report: DiffReport) -> str:
    """What is wrong, in one line."""
    if report.operator is not None:
        found = report.operator
        return f"operator {found.index} ({found.kind} {found.layer}) differs from the reference"
    return "the board differs from the reference, none of its operators does"


def hint(report: DiffReport) -> str:
    """The likeliest cause, and how to see more; empty if there is nothing to say."""
    parts = ["likely: " + CAUSES[report.causes[0]]] if report.causes else []
    together = () if report.operator is None else report.operator.together
    if len(together) > 1:
        parts.append(
            f"operators {together[0]} to {together[-1]} are one kernel here; each by itself: "
            f"ectopy diff --optimize {Optimize.DEBUG}"
        )
    return "; ".join(parts)
