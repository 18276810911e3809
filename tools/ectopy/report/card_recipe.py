"""What the model is, what it learnt from, and how it was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ectopy.report.card_material import CardMaterial
from ectopy.report.card_text import listed, not_measured, percent, points
from ectopy.report.markdown import table
from ectopy.vocab import FRAME_SAMPLES, R_PEAK_SAMPLE, SAMPLING_HZ, BeatClass
from ectopy.windows import patient_of

_BEATS = {
    BeatClass.N: "normal",
    BeatClass.PAC: "premature atrial",
    BeatClass.PVC: "premature ventricular",
}

_SYMBOLS: Mapping[str, str] = {
    "N": "normal",
    "L": "left bundle branch block",
    "R": "right bundle branch block",
    "e": "atrial escape",
    "j": "nodal (junctional) escape",
    "A": "atrial premature",
    "a": "aberrated atrial premature",
    "J": "nodal (junctional) premature",
    "S": "supraventricular premature or ectopic",
    "V": "premature ventricular contraction",
    "E": "ventricular escape",
}

_ORIGINS: Mapping[str, str] = {
    "n": "normal beats",
    "pac": "PAC beats",
    "pvc": "PVC beats",
    "made_pac": "normal beats made premature",
    "made_n": "normal beats among made premature ones",
    "fibrillation": "normal beats in made fibrillation",
}
"""Keys of ``batch_shares`` in words."""


def task(material: CardMaterial) -> str:
    """What the classes mean."""
    configuration = material.configuration
    meanings: dict[str, list[str]] = {name: [] for name in configuration.class_names}
    for label, words in _BEATS.items():
        meanings[configuration.class_names[configuration.class_map[label]]].append(words)
    return listed(f"{name} ({' or '.join(words)})" for name, words in meanings.items())


def facts(material: CardMaterial) -> str:
    """The table about the model file."""
    configuration, model = material.configuration, material.model
    seconds = FRAME_SAMPLES / SAMPLING_HZ
    outputs = "logits" if configuration.use_logits else "probabilities"
    rows = [
        ["Architecture", f"{configuration.architecture.name}, as in `configuration.json`"],
        ["Parameters", f"{model.parameters:,} weights and biases in the int8 model"],
        ["Work", f"{model.macs:,} multiply-accumulates a beat"],
        [
            "Input",
            f"{FRAME_SAMPLES} samples at {SAMPLING_HZ} Hz ({seconds:g} s) in millivolts, R peak of "
            f"the beat at sample {R_PEAK_SAMPLE}; `(x - mean) / sqrt(var + "
            f"{configuration.preprocess.epsilon_mv2:g})` per window; {model.input}",
        ],
        [
            "Output",
            f"{configuration.num_classes} {outputs} ({', '.join(configuration.class_names)}), the "
            f"largest is the class; {model.output}",
        ],
        ["int8 model", f"{model.file_bytes:,} bytes, sha256 `{model.sha256[:12]}`"],
    ]
    return table(["", ""], rows, numeric=False)


def label_map(material: CardMaterial) -> str:
    """Annotation symbols of each class."""
    rows = [
        [name, f"`{symbols}`", ", ".join(_SYMBOLS.get(each, each) for each in symbols.split())]
        for name, symbols in material.symbols.items()
    ]
    return table(["class", "MIT-BIH symbols", "beats"], rows, numeric=False)


def split(material: CardMaterial) -> str:
    """Who trained the model, who tests it."""
    headline = material.headline
    tested = {patient_of(r): r for r in headline.per_record}
    left = [
        f"{r}, the man of {tested[patient_of(r)]} in ds2" if patient_of(r) in tested else r
        for r in material.left_out
    ]
    training = material.training
    learnt = not_measured(f"ectopy train --model {material.name}")
    if training is not None:
        learnt = (
            f"{len(training.records)} records of DS1, one patient each, {training.windows:,} "
            f"windows: {' '.join(training.records)}."
        )
    lines = [
        f"- **Training**: {learnt}",
        f"- Left out of DS1: {listed(left)}." if left else "",
        f"- **Folds** of the cross-validation inside DS1, by patient: {_folds(material)}.",
        f"- **ds2**, the test set: {len(headline.per_record)} records, {headline.windows:,} "
        f"windows: {' '.join(headline.per_record)}. Nothing is chosen on it.",
    ]
    return "\n".join(line for line in lines if line)


def _folds(material: CardMaterial) -> str:
    folds = material.configuration.recipe.folds
    return "; ".join(f"({i}) {' '.join(fold)}" for i, fold in enumerate(folds, 1)) or "none"


def recipe(material: CardMaterial) -> str:
    """Training in words."""
    recipe = material.configuration.recipe
    training = material.training
    shares = ", ".join(
        f"{percent(share)} % {_ORIGINS.get(name, name)}"
        for name, share in recipe.batch_shares.items()
    )
    made = (
        not_measured(f"ectopy train --model {material.name}")
        if training is None
        else f"Seed {training.seed}, {training.runtime}."
    )
    return (
        f"{recipe.epochs} epochs of {recipe.steps_per_epoch} steps of {recipe.batch_windows} "
        f"windows; AdamW with a peak learning rate of {recipe.learning_rate:g} and a cosine "
        f"schedule, weight decay {recipe.weight_decay:g}, label smoothing "
        f"{recipe.label_smoothing:g}; the weights are the running average (momentum "
        f"{recipe.ema_momentum:g}) at the end of the last epoch, so no epoch is chosen. {made}"
        + (f"\n\nA batch is {shares}." if shares else "")
    )


def augmentations(material: CardMaterial) -> str:
    """Each with its parameters."""
    rows = [
        [f"`{step.name}`", ", ".join(f"{key} {value}" for key, value in step.params.items())]
        for step in material.configuration.recipe.augmentations
    ]
    return table(["augmentation", "parameters"], rows, numeric=False) if rows else "None."


def class_bias(material: CardMaterial) -> str:
    """What was added to the logits."""
    if material.training is None:
        return not_measured(f"ectopy train --model {material.name}")
    names = material.configuration.class_names
    return ", ".join(
        f"{name} {bias:+.1f}"
        for name, bias in zip(names, material.training.class_bias, strict=True)
    )


def cross_validation(material: CardMaterial) -> str:
    """Scores of patients that the model of their fold did not know."""
    log = material.cross_validation
    if log is None:
        return not_measured(f"ectopy train --model {material.name}")
    names = material.configuration.class_names
    rows = [
        ["with the class bias", *map(percent, (*log.class_f1, _mean(log.class_f1)))],
        ["without", *map(percent, (*log.class_f1_without, _mean(log.class_f1_without)))],
    ]
    scores = table(["F1", *names, "macro"], rows, numeric=True)
    return (
        f"{scores}\n\nThe bias was chosen on these very answers: the first row flatters a little."
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def quantization(material: CardMaterial) -> str:
    """What int8 costs."""
    log = material.quantize
    if log is None:
        return not_measured(f"ectopy quantize --model {material.name}")
    return (
        f"Ranges of activations from {log.calibration_windows:,} windows of DS1, drawn evenly over "
        f"the patients (seed {log.seed}); {log.float_runtime}. Against float on "
        f"{log.scored_split}, {log.scored_windows:,} windows, the F1 of the class that suffers "
        f"most changes by {points(-log.max_f1_drop)} points. `quantize.json` has the error of "
        "every layer."
    )
