"""``metrics.json``: what ``ectopy evaluate`` finds out about a bundle's model, and its JSON form.

The keys are the attribute names below. A score is null where its definition divides zero by zero.
``metrics.schema.json`` beside this module is the published JSON Schema; :func:`json_schema` makes
it from these classes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from ectopy.metrics.json_file import read_file
from ectopy.records import AccuracyRecord
from ectopy.typed_json import schema_of
from ectopy.vocab import EvaluationSplit, ScoreSource

SCHEMA_VERSION = 2
LINE_LENGTH = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Percentiles of a score over resamples of patients.

    Attributes:
        low: The 5th percentile.
        high: The 95th.
        resamples: In which the score is defined; percentiles are over these.
    """

    low: float
    high: float
    resamples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassIntervals:
    """Intervals of a class's scores; null for one patient, or if no resample defines the score."""

    sensitivity: Interval | None
    ppv: Interval | None
    f1: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapRecord:
    """How scores move if other patients like these had been tested.

    Attributes:
        patients: Drawn from, with replacement, as many as there are.
        resamples: How often.
        seed: Of the draws.
    """

    patients: int
    resamples: int
    seed: int
    per_class: Mapping[str, ClassIntervals]
    macro_f1: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordScores:
    """One record by itself.

    Attributes:
        patient: The person; two records may be of one.
        confusion: Windows; row = true class, column = predicted class.
        f1: Of each class; null in a record that has none of it and got none.
    """

    patient: str
    confusion: tuple[tuple[int, ...], ...]
    f1: Mapping[str, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutRecords:
    """The same scores with some records left out: how much hangs on them."""

    records: tuple[str, ...]
    accuracy: AccuracyRecord
    bootstrap: BootstrapRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBin:
    """Windows whose confidence is in (low, high].

    Attributes:
        confidence: Mean of these windows.
        accuracy: Share of them that is classified right.
    """

    low: float
    high: float
    windows: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityRecord:
    """Whether confidence says how often the model is right.

    Attributes:
        ece: Expected calibration error, the mean distance of confidence from accuracy over bins.
    """

    bins: tuple[ReliabilityBin, ...]
    ece: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdRecord:
    """Scores of the beats that the configuration's threshold would leave; never the headline.

    Attributes:
        confidence: Beats of at most this would be left out.
        windows: That stay.
        coverage: Share that stays.
        accuracy: Of those that stay.
    """

    confidence: float
    windows: int
    coverage: float
    accuracy: AccuracyRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseRecord:
    """Noise that was added to the traces before windows were cut.

    Attributes:
        names: Records of nstdb, with equal power each.
        snr_db: Of their sum, as the WFDB program nst defines it.
        seed: Of the places in the noise.
        half: Of the records of noise.
    """

    names: tuple[str, ...]
    snr_db: float
    seed: int
    half: str

    def __str__(self) -> str:
        """For people."""
        return f"{'+'.join(self.names)} at {self.snr_db:g} dB"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRecord:
    """The board whose answers were scored.

    Attributes:
        emulated: True if an emulator ran the firmware.
        engine: The inference engine in the image, and what its plan was made for.
        run: Name of the run, a folder that ``ectopy bench`` wrote.
    """

    board: str
    emulated: bool
    engine: str
    build_id: str
    run: str

    def __str__(self) -> str:
        """For people."""
        return f"{self.board} (emulated)" if self.emulated else self.board


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Scores of one model on one split.

    Attributes:
        source: Where its answers come from.
        noise: Null for the records as they are.
        device: Null unless ``source`` is ``device``.
        model_sha256: Of the file that was run: ``model.keras`` for ``float``, else
            ``model.tflite``.
        runtime: What ran it.
        label_map: Annotation symbols of each class of the model.
        accuracy: The headline: every window of the split.
        specificity: TN / (TN + FP) of each class.
        without: What it would be without some records, for each such set.
        per_record: By name of the record.
        threshold: Null if the configuration names none.
        notes: Why a score of ``accuracy`` is null.
    """

    split: EvaluationSplit
    source: ScoreSource
    noise: NoiseRecord | None
    device: DeviceRecord | None
    model_sha256: str
    runtime: str
    dataset: str
    windows: int
    windows_sha256: str
    label_map: str
    accuracy: AccuracyRecord
    specificity: Mapping[str, float | None]
    bootstrap: BootstrapRecord
    without: tuple[WithoutRecords, ...]
    per_record: Mapping[str, RecordScores]
    reliability: ReliabilityRecord
    threshold: ThresholdRecord | None
    notes: Mapping[str, str]
    tool_version: str

    @property
    def title(self) -> str:
        """Which scores these are, for people; no two of a file have the same."""
        board = f" {self.device}" if self.device else ""
        noise = f", {self.noise}, seed {self.noise.seed}" if self.noise else ""
        return f"{self.split} {self.source}{board}{noise}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsFile:
    """The file.

    Attributes:
        model: Name of the bundle.
        data: Whom to name wherever these figures are shown.
    """

    schema_version: int = SCHEMA_VERSION
    model: str
    data: str
    evaluations: tuple[Evaluation, ...]


def to_json(file: MetricsFile) -> str:
    """The file's text, with what holds only a few numbers on one line."""
    text = json.dumps(asdict(file), indent=2, allow_nan=False, ensure_ascii=False)
    return _INNERMOST.sub(_on_one_line, text) + "\n"


_INNERMOST = re.compile(r"([\[{])\n\s+([^][{}]*?)\n\s+([\]}])")


def _on_one_line(found: re.Match[str]) -> str:
    text = found[1] + re.sub(r",\n\s+", ", ", found[2]) + found[3]
    return text if len(text) <= LINE_LENGTH else found[0]


def from_json(document: object) -> MetricsFile:
    """The file in decoded JSON; reads what :func:`to_json` wrote, and nothing else.

    Raises:
        InputError: An unknown or missing key, a value of wrong type, or another schema.
    """
    return read_file(document, MetricsFile, SCHEMA_VERSION)


def json_schema() -> dict[str, object]:
    """JSON Schema (draft 2020-12) of the file, made from the classes."""
    schema = schema_of(MetricsFile)
    schema["properties"]["schema_version"] = {"const": SCHEMA_VERSION}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ectopy metrics.json",
        **schema,
    }
