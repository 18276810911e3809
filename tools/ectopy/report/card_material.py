"""What a model card is made from: the bundle's files, read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ectopy.errors import InputError
from ectopy.metrics.evaluation import Evaluation
from ectopy.metrics.mistakes import MistakesFile
from ectopy.metrics.seeds import SeedsFile
from ectopy.vocab import EvaluationSplit, ScoreSource
from ectopy.zoo import Configuration

RELIABILITY_PICTURE, MISTAKES_PICTURE = "reliability.png", "mistakes.png"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """``model.tflite``.

    Attributes:
        file_bytes: Its size.
        parameters: Elements of weights and biases.
        input: Type, scale and zero point; ``output`` alike.
    """

    sha256: str
    file_bytes: int
    macs: int
    parameters: int
    input: str
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingLog:
    """Of ``training.json``: what the card says of it.

    Attributes:
        windows: Of the records, at natural prevalence.
        class_bias: Folded into the last layer.
    """

    runtime: str
    seed: int
    records: tuple[str, ...]
    windows: int
    class_bias: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossValidationLog:
    """Of ``cross_validation.json``: F1 of each class over all folds, with the bias and without."""

    bias: tuple[float, ...]
    class_f1: tuple[float, ...]
    class_f1_without: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizeLog:
    """Of ``quantize.json``.

    Attributes:
        scored_windows: Of ``scored_split``, on which int8 was compared with float.
        max_f1_drop: Largest loss of F1 of any class there; negative if every class gained.
    """

    float_runtime: str
    tflite_sha256: str
    seed: int
    calibration_windows: int
    scored_split: str
    scored_windows: int
    max_f1_drop: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CardMaterial:
    """All of it; what is None is not there, and the card says how to get it.

    Attributes:
        left_out: Records of DS1 that are not learnt from.
        evaluations: Of the model files as they are.
        pictures: Names of those that lie beside the card.
    """

    configuration: Configuration
    model: ModelFile
    left_out: tuple[str, ...]
    evaluations: tuple[Evaluation, ...]
    training: TrainingLog | None
    cross_validation: CrossValidationLog | None
    quantize: QuantizeLog | None
    mistakes: MistakesFile | None
    seeds: SeedsFile | None
    pictures: frozenset[str]

    @property
    def name(self) -> str:
        """Of the model."""
        return self.configuration.name

    @property
    def tested(self) -> tuple[Evaluation, ...]:
        """On the test set as it is: boards first, silicon before emulators, then int8, float."""
        order = [ScoreSource.DEVICE, ScoreSource.INT8, ScoreSource.FLOAT]
        found = [e for e in self.evaluations if e.split is EvaluationSplit.DS2 and e.noise is None]
        emulated = {id(e): e.device is not None and e.device.emulated for e in found}
        return tuple(sorted(found, key=lambda e: (order.index(e.source), emulated[id(e)], e.title)))

    @property
    def headline(self) -> Evaluation:
        """Scores of the device, or of the same int8 model on the host.

        Raises:
            InputError: There are neither.
        """
        for evaluation in self.tested:
            if evaluation.source is not ScoreSource.FLOAT:
                return evaluation
        raise InputError(
            f"{self.name}: no scores of this model.tflite on ds2, and a card "
            "without them would be empty",
            hint=f"ectopy evaluate --model {self.name} --split ds2",
        )

    @property
    def under_noise(self) -> tuple[Evaluation, ...]:
        """On the test set with noise."""
        noisy = [e for e in self.evaluations if e.split is EvaluationSplit.DS2 and e.noise]
        return tuple(sorted(noisy, key=lambda e: (e.source != ScoreSource.INT8, e.title)))

    @property
    def symbols(self) -> Mapping[str, str]:
        """Annotation symbols of each class, as the headline has them."""
        pairs = (pair.split("=") for pair in self.headline.label_map.split(" "))
        return {name: " ".join(letters) for name, letters in pairs}
