"""Reading and writing ``metrics.json``: which entries a new one replaces, and which stay."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ectopy.errors import InputError
from ectopy.metrics.evaluation import (
    SCHEMA_VERSION,
    Evaluation,
    MetricsFile,
    NoiseRecord,
    from_json,
    to_json,
)
from ectopy.usecases.text_file import write_text
from ectopy.vocab import EvaluationSplit, ScoreSource
from ectopy.windows import CITATION, NOISY_CITATION, icentia11k
from ectopy.zoo import Bundle


def model_hashes(bundle: Bundle) -> Mapping[str, str]:
    """SHA-256 of the bundle's model files as they are now, by source; none where there is none."""
    paths: dict[str, Path] = {
        ScoreSource.FLOAT: bundle.keras_path,
        ScoreSource.INT8: bundle.tflite_path,
        ScoreSource.DEVICE: bundle.tflite_path,
    }
    return {
        source: hashlib.sha256(path.read_bytes()).hexdigest()
        for source, path in paths.items()
        if path.is_file()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """An entry before its scores are known.

    Attributes:
        board: Empty if the model runs on the host.
        files: SHA-256 of the bundle's model files as they are now, by source.
    """

    split: EvaluationSplit
    source: ScoreSource
    noise: NoiseRecord | None
    board: str
    files: Mapping[str, str]

    def replaces(self, other: Evaluation) -> bool:
        """Whether ``other`` is the same thing again, or of a file that is no more."""
        board = other.device.board if other.device else ""
        again = (other.split, other.source, other.noise, board)
        same = again == (self.split, self.source, self.noise, self.board)
        return same or self.is_stale(other.source, other.model_sha256)

    def is_stale(self, source: str, model_sha256: str) -> bool:
        """Whether a score is of another model file than the one that is there now."""
        return self.files.get(source, model_sha256) != model_sha256


def kept_entries(path: Path, planned: Planned) -> tuple[Evaluation, ...]:
    """The entries of a metrics file that stay when another is written.

    Raises:
        InputError: The file cannot be read, or is an older one whose other entries would be lost.
    """
    if not path.exists():
        return ()
    if not path.is_file():  # a device can be read for ever
        raise InputError(f"{path} is not a file")
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        older = isinstance(document, dict) and document.get("schema_version") == 1
        lost = _lost(document["evaluations"], planned) if older else []
        entries = () if older else from_json(document).evaluations
    except InputError as error:
        raise _foreign(path, error.message) from error
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _foreign(path, str(error)) from error
    if lost:
        named = ", ".join(f"{split} {source}" for split, source in lost)
        again = "; ".join(f"--split {split} --from {source}" for split, source in lost)
        raise InputError(
            f"{path} is of schema version 1, and its other entries ({named}) would be lost: they "
            f"lack what version {SCHEMA_VERSION} holds",
            hint=f"move it away, and run ectopy evaluate for each again: {again}",
        )
    return tuple(entry for entry in entries if not planned.replaces(entry))


def _lost(older: list[dict[str, str]], planned: Planned) -> list[tuple[str, str]]:
    """Entries of schema 1, which cannot be carried over, that ``planned`` does not replace."""
    found = [(entry["split"], entry["precision"], entry["model_sha256"]) for entry in older]
    return [
        (split, source)
        for split, source, sha256 in found
        if (split, source) != (planned.split, planned.source)
        and not planned.is_stale(source, sha256)
    ]


def _foreign(path: Path, why: str) -> InputError:
    return InputError(
        f"{path} is not a metrics file of ectopy: {why}",
        hint="move it away; ectopy evaluate writes a new one",
    )


def write_entries(path: Path, model: str, entries: tuple[Evaluation, ...]) -> None:
    """Writes a metrics file, in one step.

    Raises:
        InputError: It cannot be written.
    """
    file = MetricsFile(
        model=model,
        data=citation(entries),
        evaluations=tuple(sorted(entries, key=lambda entry: entry.title)),
    )
    write_text(path, to_json(file))


def citation(entries: Iterable[Evaluation]) -> str:
    """Whom to name for the data of some entries."""
    found = {_citation(entry) for entry in entries}
    if NOISY_CITATION in found:  # says the other's words too
        found.discard(CITATION)
    return " ".join(sorted(found, reverse=True))


def _citation(entry: Evaluation) -> str:
    if entry.split is EvaluationSplit.ICENTIA11K_TEST:
        return icentia11k.CITATION
    return NOISY_CITATION if entry.noise else CITATION
