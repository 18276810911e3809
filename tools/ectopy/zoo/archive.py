"""Looks into a ``model.keras`` without TensorFlow: a ZIP of a description and of weights.

The description names every layer with its parameters and the shapes it was built for, which is
enough to count parameters and to compare with a configuration. The weights themselves are HDF5,
and only their size is looked at here. Nothing in the archive is unpacked, imported or run.
"""

from __future__ import annotations

import json
import math
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ectopy.errors import ModelError

DESCRIPTION, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
MAX_MEMBERS = 64
MAX_DESCRIPTION_BYTES = 16 << 20
MAX_UNPACKED_BYTES = 256 << 20
MAX_LAYERS = 4096
MAX_SIZE = 1 << 24
HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
FLOAT_BYTES = 4
PACKED_BY = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""What Keras and ZIP programs write; other methods let a file ask for gigabytes of memory."""

RUN_CODE = frozenset({"Lambda", "__lambda__"})
"""Classes of Keras that hold Python code; the second is a function in a parameter."""

_PLAIN = """
InputLayer Reshape Activation ReLU Softmax Multiply Add Concatenate Flatten Dropout Rescaling
SpatialDropout1D SpatialDropout2D MaxPooling1D MaxPooling2D AveragePooling1D AveragePooling2D
GlobalAveragePooling1D GlobalAveragePooling2D GlobalMaxPooling1D GlobalMaxPooling2D ZeroPadding1D
ZeroPadding2D Permute
"""
WITHOUT_PARAMETERS = frozenset(_PLAIN.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightLayer:
    """A layer with weights.

    Attributes:
        name: For people; libraries differ in it.
        kind: Keras class.
        shape: Of its largest weight, in Keras' order; (channels,) for a normalization.
        columns: Samples in time that reach it; None where it does not see time.
        parameters: All its weights, also those that training does not change.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    columns: int | None
    parameters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KerasArchive:
    """What a ``model.keras`` says about itself.

    Attributes:
        layers: Those with weights, in order.
        unknown: Keras classes whose parameters are not counted here.
        packages: Python packages other than Keras that the layers come from.
        input_shape: Without the batch; None if there is no single input.
        weights_bytes: Of the HDF5 file.
        runs_code: Whether it holds a Lambda layer or function anywhere, that is Python code.
    """

    keras_version: str
    layers: tuple[WeightLayer, ...]
    unknown: tuple[str, ...]
    packages: tuple[str, ...]
    input_shape: tuple[int | None, ...] | None
    weights_bytes: int
    runs_code: bool

    @property
    def parameters(self) -> int | None:
        """Of the whole model; None if a layer is of a kind not counted here."""
        return None if self.unknown else sum(layer.parameters for layer in self.layers)


def read_archive(path: Path) -> KerasArchive:
    """Reads a ``model.keras``.

    Raises:
        ModelError: It is no such archive, is damaged, or its description cannot be understood.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(archive)
            damaged = archive.testzip()
            if damaged is not None:
                raise ModelError(f"its member {damaged} is damaged")
            description = _json(archive, DESCRIPTION)
            metadata = _json(archive, METADATA)
            with archive.open(WEIGHTS) as weights:
                signature = weights.read(len(HDF5_SIGNATURE))
            weights_bytes = archive.getinfo(WEIGHTS).file_size
        if signature != HDF5_SIGNATURE:
            raise ModelError(f"{WEIGHTS} is no HDF5 file")
        return _describe(description, metadata, weights_bytes)
    except ModelError as error:
        raise _unreadable(path, error.message) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _unreadable(path, str(error) or "it is no ZIP archive") from error
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise _unreadable(path, f"its description is odd: {str(error)[:100]}") from error
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error


def _unreadable(path: Path, why: str) -> ModelError:
    return ModelError(
        f"{path} is not a Keras model we can read: {why}",
        hint="is it complete? Keras 3 writes .keras archives; older .h5 files are none",
    )


def _check_members(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise ModelError(f"it has {len(members)} members, at most {MAX_MEMBERS} are expected")
    for member in members:
        parts = member.filename.replace("\\", "/").split("/")
        if ".." in parts or parts[0] == "" or ":" in parts[0]:
            raise ModelError(f"its member {member.filename[:60]!r} points out of the archive")
        if member.compress_type not in PACKED_BY:
            raise ModelError(f"its member {member.filename[:60]!r} is compressed in an odd way")
    if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
        raise ModelError(f"unpacked it is larger than {MAX_UNPACKED_BYTES:,} bytes")
    names = {member.filename for member in members}
    for name in (DESCRIPTION, METADATA, WEIGHTS):
        if name not in names:
            raise ModelError(f"it has no {name}")


def _json(archive: zipfile.ZipFile, name: str) -> Any:
    if archive.getinfo(name).file_size > MAX_DESCRIPTION_BYTES:
        raise ModelError(f"{name} is larger than {MAX_DESCRIPTION_BYTES:,} bytes")
    return json.loads(archive.read(name).decode("utf-8"))


def _describe(description: Any, metadata: Any, weights_bytes: int) -> KerasArchive:
    entries = description["config"]["layers"]
    if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_LAYERS:
        raise ModelError("its description lists no layers")
    kinds = [str(entry["class_name"]) for entry in entries]
    counted = [entry for entry in entries if entry["class_name"] in _READERS]
    objects = list(_objects(description))
    inputs = [e["config"]["batch_shape"] for e in entries if e["class_name"] == "InputLayer"]
    return KerasArchive(
        keras_version=str(metadata.get("keras_version", "unknown"))[:40],
        layers=tuple(_layer(entry) for entry in counted),
        unknown=tuple(sorted({k for k in kinds if k not in _READERS} - WITHOUT_PARAMETERS)),
        packages=_packages(objects),
        input_shape=_input_shape(inputs),
        weights_bytes=weights_bytes,
        runs_code=any(each["class_name"] in RUN_CODE for each in objects),
    )


def _input_shape(inputs: list[Any]) -> tuple[int | None, ...] | None:
    if len(inputs) != 1:
        return None
    return tuple(None if size is None else _size(size) for size in inputs[0][1:])


def _objects(description: Any) -> Iterator[Mapping[str, Any]]:
    """Whatever Keras would build, at any depth; losses and the like are not built."""
    todo: list[Any] = [{k: v for k, v in description.items() if k != "compile_config"}]
    while todo:
        item = todo.pop()
        if isinstance(item, dict):
            if isinstance(item.get("class_name"), str):
                yield item
            todo.extend(item.values())
        elif isinstance(item, list):
            todo.extend(item)


def _packages(objects: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Roots of the modules that they come from."""
    modules = (each.get("module") for each in objects)
    found = {module.partition(".")[0] for module in modules if isinstance(module, str)}
    return tuple(sorted(found - {"keras", "builtins", ""}))


def _layer(entry: Mapping[str, Any]) -> WeightLayer:
    config, shape = entry["config"], entry["build_config"]["input_shape"]
    channels = _size(shape[-1])
    weights, parameters = _READERS[entry["class_name"]](config, channels)
    return WeightLayer(
        name=str(entry["name"])[:80],
        kind=entry["class_name"],
        shape=weights,
        columns=_size(shape[-2]) if len(shape) > 2 and shape[-2] is not None else None,
        parameters=parameters,
    )


def _size(value: Any) -> int:
    if type(value) is not int or not 0 < value <= MAX_SIZE:
        raise ValueError(f"{value!r:.40} is no size")
    return value


_Weights = tuple[tuple[int, ...], int]


def _conv(config: Mapping[str, Any], channels: int) -> _Weights:
    filters = _size(config["filters"])
    kernel = tuple(_size(size) for size in config["kernel_size"])
    shape = (*kernel, channels // _size(config.get("groups", 1)), filters)
    return shape, math.prod(shape) + filters * bool(config["use_bias"])


def _depthwise(config: Mapping[str, Any], channels: int) -> _Weights:
    multiplier = _size(config["depth_multiplier"])
    kernel = tuple(_size(size) for size in config["kernel_size"])
    shape = (*kernel, channels, multiplier)
    return shape, math.prod(shape) + channels * multiplier * bool(config["use_bias"])


def _dense(config: Mapping[str, Any], channels: int) -> _Weights:
    units = _size(config["units"])
    return (channels, units), channels * units + units * bool(config["use_bias"])


def _batch_normalization(config: Mapping[str, Any], channels: int) -> _Weights:
    return (channels,), channels * (2 + bool(config["scale"]) + bool(config["center"]))


def _layer_normalization(config: Mapping[str, Any], channels: int) -> _Weights:
    return (channels,), channels * (bool(config["scale"]) + bool(config["center"]))


_READERS = {
    "Conv1D": _conv,
    "Conv2D": _conv,
    "DepthwiseConv1D": _depthwise,
    "DepthwiseConv2D": _depthwise,
    "Dense": _dense,
    "BatchNormalization": _batch_normalization,
    "LayerNormalization": _layer_normalization,
}
