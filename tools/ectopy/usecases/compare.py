"""Two runs: what changed, and whether that is allowed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ectopy import metrics
from ectopy.errors import InputError
from ectopy.metrics import Change, Threshold, Verdict
from ectopy.records import RunRecord
from ectopy.report.profile import Profile
from ectopy.report.profile_changes import ProfileChanges, profile_changes
from ectopy.usecases.run_folder import open_profile, open_record
from ectopy.usecases.toml_file import read_toml


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Run ``b`` beside the earlier run ``a``.

    Attributes:
        objections: Why the two are not comparable; only there if the user insisted.
        verdicts: Of the gates; empty without any.
        profile: By operator and function; None if that cannot be said.
        no_profile: Why not.
    """

    a: RunRecord
    b: RunRecord
    objections: tuple[str, ...]
    changes: tuple[Change, ...]
    verdicts: tuple[Verdict, ...]
    profile: ProfileChanges | None
    no_profile: str

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
    profile, no_profile = _compare_profiles((a, before), (b, after))
    return Comparison(
        a=before,
        b=after,
        objections=objections,
        changes=changes,
        verdicts=metrics.judge(changes, thresholds),
        profile=profile,
        no_profile=no_profile,
    )


def _compare_profiles(*runs: tuple[Path, RunRecord]) -> tuple[ProfileChanges | None, str]:
    """What the profiles beside the records say, or why they say nothing."""
    profiles: list[Profile] = []
    for path, record in runs:
        try:
            profile = open_profile(path, record)
        except InputError as error:
            return None, error.message
        if profile is None:
            return None, f"there is no profile.json beside {path}"
        profiles.append(profile)
    before, after = profiles
    if before.memory != after.memory:
        return None, f"their memory models differ: {before.memory} and {after.memory}"
    return profile_changes(before, after), ""


def read_gates_file(path: Path) -> tuple[Threshold, ...]:
    """The thresholds in a TOML file.

    Raises:
        InputError: It cannot be read, is not TOML, or holds something else than thresholds.
    """
    return read_toml(path, metrics.read_gates)
