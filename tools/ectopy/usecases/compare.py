"""Two runs: what changed, and whether that is allowed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ectopy import metrics
from ectopy.errors import InputError
from ectopy.metrics import Change, Threshold, Verdict
from ectopy.records import RunRecord
from ectopy.usecases.run_folder import open_record
from ectopy.usecases.toml_file import read_toml


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Run ``b`` beside the earlier run ``a``.

    Attributes:
        objections: Why the two are not comparable; only there if the user insisted.
        verdicts: Of the gates; empty without any.
    """

    a: RunRecord
    b: RunRecord
    objections: tuple[str, ...]
    changes: tuple[Change, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def regressions(self) -> tuple[Verdict, ...]:
        """Gates that were not met."""
        return tuple(verdict for verdict in self.verdicts if not verdict.passed)


def compare(a: Path, b: Path, gates: Path | None = None, *, force: bool = False) -> Comparison:
    """Compares two runs.

    Args:
        a: Folder or record of the earlier run.
        b: Of the later one.
        gates: TOML file with thresholds.
        force: Compares even what is not comparable.

    Raises:
        InputError: A file cannot be used, or the runs are not comparable.
    """
    thresholds = read_gates_file(gates) if gates is not None else ()
    before, after = open_record(a), open_record(b)
    objections = metrics.incomparable(before, after)
    if objections and not force:
        raise InputError(
            f"{a} and {b} are not comparable; {'; '.join(objections)}",
            hint="measure one of them again like the other, or insist with --force",
        )
    changes = metrics.changes(before, after)
    return Comparison(
        a=before,
        b=after,
        objections=objections,
        changes=changes,
        verdicts=metrics.judge(changes, thresholds),
    )


def read_gates_file(path: Path) -> tuple[Threshold, ...]:
    """The thresholds in a TOML file.

    Raises:
        InputError: It cannot be read, is not TOML, or holds something else than thresholds.
    """
    return read_toml(path, metrics.read_gates)
