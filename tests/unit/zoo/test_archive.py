import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ectopy.errors import ModelError
from ectopy.zoo import Configuration, NamedParams, open_bundle
from ectopy.zoo.archive import KerasArchive, read_archive
from ectopy.zoo.configuration import parse_configuration
from ectopy.zoo.efficientnet import divisible, first_difference, promised_layers
from support.zoo_bundles import heartkit_configuration

SIZES = {"beat-2-eff-sm": 27_886, "beat-3-eff-sm": 41_001}


def members(name: str = "beat-2-eff-sm") -> dict[str, bytes]:
    with zipfile.ZipFile(open_bundle(name).keras_path) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def write(path: Path, content: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


Edit = Callable[[dict[str, Any]], None]


def edited(path: Path, edit: Edit) -> Path:
    """The shipped model with another description."""
    content = members()
    description = json.loads(content["config.json"])
    edit(description)
    return write(path, content | {"config.json": json.dumps(description).encode()})


def layer(description: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        each for each in description["config"]["layers"] if each["name"] == name
    )
    return found


@pytest.mark.parametrize("name", SIZES)
def test_parameters_are_counted_without_tensorflow(name: str) -> None:
    archive = read_archive(open_bundle(name).keras_path)
    assert archive.parameters == SIZES[name]
    assert archive.input_shape == (512, 1)
    assert archive.packages == ()
    assert not archive.runs_code
    assert archive.weights_bytes > 4 * SIZES[name]


@pytest.mark.parametrize("name", SIZES)
def test_heartkits_configurations_promise_exactly_these_layers(name: str) -> None:
    configuration = parse_configuration(heartkit_configuration(name), name)
    promised = promised_layers(configuration)
    assert promised is not None
    assert sum(each.parameters for each in promised) == SIZES[name]
    assert first_difference(promised, read_archive(open_bundle(name).keras_path).layers) == ""


def test_the_first_layer_that_differs_is_named() -> None:
    promised = promised_layers(open_bundle("beat-3-eff-sm").configuration)
    assert promised is not None
    found = read_archive(open_bundle("beat-2-eff-sm").keras_path).layers
    said = first_difference(promised, found)
    assert said == (
        "layer stage1.mbconv1.se.sq is Conv2D 1x1x24x12; the configuration makes "
        "stage1.mbconv1.se.sq there, Conv2D 1x1x24x6"
    )


def promised_with(**params: Any) -> Configuration:
    original = open_bundle("beat-2-eff-sm").configuration
    changed = dict(original.architecture.params) | params
    return replace(original, architecture=NamedParams(name="efficientnetv2", params=changed))


BLOCK = {"filters": 32, "kernel_size": [1, 9], "strides": [1, 2]}


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"input_filters": 32}, "Conv2D 1x9x1x24; the configuration makes stem there"),
        ({"input_kernel_size": [1, 7]}, "Conv2D 1x7x1x24"),
        ({"input_strides": [1, 4]}, "sees 256 samples in time; the configuration makes it 128"),
        ({"blocks": []}, "DepthwiseConv2D 1x9x24x1; the configuration makes top there, Dense 24x2"),
        ({"blocks": [{**BLOCK, "ex_ratio": 4}]}, "makes stage1.mbconv1.exp there, Conv2D"),
        ({"blocks": [{**BLOCK, "se_ratio": 0}]}, "makes stage1.mbconv1.red there"),
        ({"include_top": False}, "it has 45 layers with weights; the configuration makes 44"),
        ({"output_filters": 100}, "makes neck there, Conv2D 1x1x64x104"),
    ],
)  # fmt: skip
def test_every_value_of_the_architecture_counts(params: dict[str, Any], said: str) -> None:
    promised = promised_layers(promised_with(**params))
    assert promised is not None
    assert said in first_difference(
        promised, read_archive(open_bundle("beat-2-eff-sm").keras_path).layers
    )


def test_an_architecture_that_is_not_worked_out_is_said_so() -> None:
    configuration = promised_with()
    other = replace(configuration, architecture=NamedParams(name="tcn", params={}))
    assert promised_layers(other) is None


@pytest.mark.parametrize(
    "params",
    [
        {"input_filters": 10**30},
        {"input_filters": "24"},
        {"blocks": [{"filters": 32, "depth": 10**9}]},
        {"blocks": [{"filters": 32, "depth": 4000}]},
        {"blocks": [{"filters": 32, "ex_ratio": -1}]},
        {"blocks": [{"filters": 32, "kernel_size": [1, 2, 3]}]},
        {"blocks": [{"filters": 32, "kernel_size": [1, True]}]},
        {"blocks": {"filters": 32}},
        {"blocks": [{}]},
    ],
)
def test_an_architecture_that_cannot_be_built_is_refused(params: dict[str, Any]) -> None:
    with pytest.raises(ModelError):
        promised_layers(promised_with(**params))


def test_filters_are_rounded_as_the_library_does() -> None:
    wanted = (1, 8, 11, 12, 20, 24, 33, 100)
    assert [divisible(n) for n in wanted] == [8, 8, 16, 16, 24, 24, 32, 104]


def test_layers_of_other_packages_are_named(tmp_path: Path) -> None:
    def edit(description: dict[str, Any]) -> None:
        layer(description, "stem.act").update(module="neuralspot_edge.layers.x", class_name="Mine")
        description["compile_config"] = {"loss": {"module": "evil", "class_name": "Loss"}}

    archive = read_archive(edited(tmp_path / "model.keras", edit))
    assert archive.packages == ("neuralspot_edge",), "what is only for training is not built"
    assert archive.unknown == ("Mine",)
    assert archive.parameters is None


def test_objects_inside_layers_count_as_other_packages_too(tmp_path: Path) -> None:
    def edit(description: dict[str, Any]) -> None:
        layer(description, "stem.act")["config"]["activation"] = {
            "module": "os",
            "class_name": "system",
            "config": {},
        }

    assert read_archive(edited(tmp_path / "model.keras", edit)).packages == ("os",)


def test_a_lambda_layer_is_seen(tmp_path: Path) -> None:
    def edit(description: dict[str, Any]) -> None:
        layer(description, "stem.act")["class_name"] = "Lambda"

    assert read_archive(edited(tmp_path / "model.keras", edit)).runs_code


def test_a_lambda_layer_inside_another_layer_is_seen(tmp_path: Path) -> None:
    def edit(description: dict[str, Any]) -> None:
        inner = {"module": "keras.layers", "class_name": "Lambda", "config": {}}
        layer(description, "stem.act").update(class_name="TimeDistributed", config={"layer": inner})

    assert read_archive(edited(tmp_path / "model.keras", edit)).runs_code


def test_python_code_in_a_parameter_is_seen(tmp_path: Path) -> None:
    def edit(description: dict[str, Any]) -> None:
        code = {"class_name": "__lambda__", "config": {"value": "4wAAAAA="}}
        layer(description, "stem.act")["config"]["activation"] = code

    assert read_archive(edited(tmp_path / "model.keras", edit)).runs_code


def no_layers(description: dict[str, Any]) -> None:
    description["config"]["layers"] = []


def too_many_layers(description: dict[str, Any]) -> None:
    description["config"]["layers"] *= 100


def no_config(description: dict[str, Any]) -> None:
    del description["config"]


def odd_filters(description: dict[str, Any]) -> None:
    layer(description, "stem.conv")["config"]["filters"] = 10**30


def zero_groups(description: dict[str, Any]) -> None:
    layer(description, "stem.conv")["config"]["groups"] = 0


def no_build(description: dict[str, Any]) -> None:
    del layer(description, "top")["build_config"]


def odd_shape(description: dict[str, Any]) -> None:
    layer(description, "top")["build_config"]["input_shape"] = "wide"


def odd_kind(description: dict[str, Any]) -> None:
    layer(description, "top")["class_name"] = ["Dense"]


@pytest.mark.parametrize(
    "edit",
    [
        no_layers,
        too_many_layers,
        no_config,
        odd_filters,
        zero_groups,
        no_build,
        odd_shape,
        odd_kind,
    ],
)
def test_a_hostile_description_is_refused(tmp_path: Path, edit: Edit) -> None:
    with pytest.raises(ModelError, match="is not a Keras model we can read"):
        read_archive(edited(tmp_path / "model.keras", edit))


@pytest.mark.parametrize(
    "change",
    [
        {"config.json": b"{"},
        {"config.json": b"[" * 100_000},
        {"config.json": b"[]"},
        {"config.json": b"\xff"},
        {"metadata.json": b"3"},
        {"model.weights.h5": b"not HDF5"},
        {"../escaped": b"x"},
        {"/escaped": b"x"},
        {"c:\\escaped": b"x"},
        {f"many{i}": b"" for i in range(70)},
        {"config.json": b" " * (17 << 20)},
    ],
    ids=lambda change: f"{next(iter(change))}:{next(iter(change.values()))[:4]!r}",
)
def test_a_hostile_archive_is_refused(tmp_path: Path, change: dict[str, bytes]) -> None:
    with pytest.raises(ModelError, match="is not a Keras model we can read"):
        read_archive(write(tmp_path / "model.keras", members() | change))


@pytest.mark.parametrize("missing", ["config.json", "metadata.json", "model.weights.h5"])
def test_an_archive_without_a_member_is_refused(tmp_path: Path, missing: str) -> None:
    content = members()
    del content[missing]
    with pytest.raises(ModelError, match=f"it has no {missing}"):
        read_archive(write(tmp_path / "model.keras", content))


def test_an_archive_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members().items():
            archive.writestr(name, data)
        with archive.open("assets/zeros", "w") as member:
            for _ in range(300):
                member.write(bytes(1 << 20))
    with pytest.raises(ModelError, match="unpacked it is larger than"):
        read_archive(path)


def test_a_flipped_bit_or_a_cut_end_is_found(tmp_path: Path) -> None:
    good = open_bundle("beat-2-eff-sm").keras_path.read_bytes()
    path = tmp_path / "model.keras"
    for spoilt in (
        good[:200_000] + bytes([good[200_000] ^ 1]) + good[200_001:],
        good[:-100],
        good[: len(good) // 2],
    ):
        path.write_bytes(spoilt)
        with pytest.raises(ModelError, match="is not a Keras model we can read"):
            read_archive(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="No such file"):
        read_archive(tmp_path / "none.keras")


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_an_archive_compressed_as_keras_never_does_is_refused(tmp_path: Path, method: int) -> None:
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members().items():
            archive.writestr(name, data)
    spoilt = bytearray(path.read_bytes())
    spoilt[400:420] = bytes(20)
    path.write_bytes(spoilt)
    with pytest.raises(ModelError, match="is compressed in an odd way"):
        read_archive(path)


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "model.keras", members())
    spoilt = bytearray(path.read_bytes())
    start = spoilt.rfind(b"PK\x01\x02")
    spoilt[start + 8] |= 1
    path.write_bytes(bytes(spoilt))
    with pytest.raises(ModelError, match="is not a Keras model we can read"):
        read_archive(path)


def test_what_is_read_has_the_form_that_people_get(tmp_path: Path) -> None:
    copy = shutil.copy(open_bundle("beat-2-eff-sm").keras_path, tmp_path / "model.keras")
    archive = read_archive(Path(copy))
    assert isinstance(archive, KerasArchive)
    stem = archive.layers[0]
    assert (stem.kind, stem.shape, stem.columns, stem.parameters) == (
        "Conv2D", (1, 9, 1, 24), 512, 216,
    )  # fmt: skip
