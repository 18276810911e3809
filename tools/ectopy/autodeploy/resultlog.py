"""The result log: one line per run of ns_autodeploy, appended."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ectopy.autodeploy.table import HINT, read_count, read_table
from ectopy.errors import InputError

_MODEL = "Model Filename"
_HEADER = (
    "Model Filename, Platform, Compiler, TF Version, Model Size (KB), Arena Size (KB), "
    "Model Location, Arena Location, Est MACs, HP(ms), HP(uJ), HP(mW), LP(ms), LP(uJ), LP(mW), "
    "AOT HP(ms), AOT HP(uJ), AOT HP(mW), AOT LP(ms), AOT LP(uJ), AOT LP(mW), AOT Version, "
    "TFLM ROM (KB), TFLM RAM (KB), AOT ROM (KB), AOT RAM (KB), AS Version, Date Run, ID"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultLog:
    """Its last line for a model.

    Attributes:
        compiler: None where its way of reading the version gives none.
        arena_kb: ``arena_used_bytes() // 1024 + 1``, without padding.
        hp_ms: From a Joulescope; None without one. ``lp_ms``, ``hp_uj``, ``lp_uj`` likewise.
        unknown_columns: That this version of ectopy does not know.
    """

    platform: str
    compiler: str | None
    runtime: str
    ambiqsuite: str
    model_kb: int
    arena_kb: int
    model_location: str
    arena_location: str
    macs: int
    hp_ms: float | None
    hp_uj: float | None
    lp_ms: float | None
    lp_uj: float | None
    run_id: str
    unknown_columns: tuple[str, ...]


def read_resultlog(path: Path, model: str) -> ResultLog:
    """The last line of a model.

    Args:
        path: The file.
        model: Name as its files have it.

    Raises:
        InputError: The file is damaged, or has no such line.

    Source: ``adResults.print`` in tools/ns_autodeploy.py of neuralSPOT 1.3.0.
    """
    rows = read_table(path)
    columns = [name.strip() for name in rows[0]]
    if _MODEL not in columns:
        raise InputError(f"{path} is no result log of ns_autodeploy", hint=HINT)
    lines = [dict(zip(columns, (cell.strip() for cell in row), strict=True)) for row in rows[1:]]
    mine = [line for line in lines if line[_MODEL] == model]
    if not mine:
        raise InputError(f"{path} has no line for model {model}", hint=HINT)
    unknown = tuple(name for name in columns if name not in _HEADER.split(", "))
    try:
        return _result(mine[-1], unknown)
    except KeyError as error:
        raise InputError(f"{path} has no column {error.args[0]}", hint=HINT) from error
    except (ValueError, OverflowError) as error:
        raise InputError(f"{path} is damaged: {error}", hint=HINT) from error


def _result(line: dict[str, str], unknown: tuple[str, ...]) -> ResultLog:
    compiler = line["Compiler"]
    return ResultLog(
        platform=line["Platform"],
        compiler=compiler if any(sign.isdigit() for sign in compiler) else None,
        runtime=line["TF Version"],
        ambiqsuite=line["AS Version"],
        model_kb=read_count("Model Size (KB)", line["Model Size (KB)"]),
        arena_kb=read_count("Arena Size (KB)", line["Arena Size (KB)"]),
        model_location=line["Model Location"],
        arena_location=line["Arena Location"],
        macs=read_count("Est MACs", line["Est MACs"]),
        hp_ms=_measured(line, "HP(ms)"),
        hp_uj=_measured(line, "HP(uJ)"),
        lp_ms=_measured(line, "LP(ms)"),
        lp_uj=_measured(line, "LP(uJ)"),
        run_id=line["ID"],
        unknown_columns=unknown,
    )


def _measured(line: dict[str, str], column: str) -> float | None:
    """A figure of the Joulescope; it writes 0 where there was none."""
    value = float(line[column])
    if not 0 <= value < 1e9:
        raise ValueError(f"{column} is {value}")
    return value or None
