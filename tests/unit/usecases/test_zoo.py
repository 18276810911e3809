import json
import shutil
from pathlib import Path

import pytest

from ectopy.errors import ModelError
from ectopy.usecases.zoo import Listed, Place, list_bundles
from ectopy.usecases.zoo_types import Check, Verdict
from ectopy.usecases.zoo_verify import verify_bundle
from ectopy.zoo import open_bundle
from ectopy.zoo.obtain import ImportRequest, import_bundle
from ectopy.zoo.origin import sha256_of
from support.tflite_builder import INT8
from support.zoo_bundles import (
    MODELS,
    float_io_tflite,
    float_tflite,
    full_int8_tflite,
    heartkit_configuration,
    write_zoo_folder,
)

LOCAL = "heartkit-beat-2-eff-sm"


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_zoo_folder(tmp_path / "export")


@pytest.fixture
def imported(source: Path) -> Path:
    return import_bundle(ImportRequest(source=source)).bundle.path


def rows() -> dict[str, Listed]:
    return {row.name: row for row in list_bundles()}


def checks(target: Path | str, subject: str) -> list[Check]:
    found = verify_bundle(str(target)).checks
    return [check for check in found if check.subject == subject]


def failed(target: Path | str) -> list[Check]:
    return [c for c in verify_bundle(str(target)).checks if c.verdict is Verdict.FAILED]


def test_the_list_holds_what_is_here_and_what_could_be_fetched() -> None:
    found = rows()
    assert list(found) == [
        "beat-2-eff-sm",
        "beat-3-eff-sm",
        "heartkit-beat-2-eff-sm",
        "heartkit-beat-3-eff-sm",
    ]
    shipped, published = found["beat-3-eff-sm"], found["heartkit-beat-3-eff-sm"]
    assert (shipped.place, shipped.usable, shipped.origin) == (Place.MODELS, True, None)
    assert shipped.sha256["model.tflite"] == sha256_of(MODELS / shipped.name / "model.tflite")
    assert (published.place, published.usable) == (Place.ZOO, None)
    assert published.state == "not here yet: ectopy zoo fetch beat-3-eff-sm"
    assert published.where == (
        "https://ambiqai-model-zoo.s3.us-west-2.amazonaws.com/heartkit/beat/beat-3-eff-sm/latest/"
    )


def test_what_is_in_the_cache_is_listed_with_its_origin_and_use(imported: Path) -> None:
    row = rows()[LOCAL]
    assert (row.place, row.where, row.origin) == (Place.CACHE, str(imported), "imported")
    assert row.usable is False
    assert row.state == f"int8 inside, float input and output: ectopy quantize --model {LOCAL}"


@pytest.mark.parametrize(
    ("content", "state"),
    [
        (None, "not there: ectopy quantize"),
        (float_tflite(), "float weights and activations: ectopy quantize"),
        (float_tflite(INT8), "dynamic range"),
        (full_int8_tflite(), "int8, usable"),
        (full_int8_tflite(classes=5), "its configuration promises 512 to 2"),
        (b"junk", "TFL3 is missing"),
    ],
)
def test_the_state_says_whether_the_device_can_run_it(
    imported: Path, content: bytes | None, state: str
) -> None:
    (imported / "model.tflite").unlink()
    if content is not None:
        (imported / "model.tflite").write_bytes(content)
    row = rows()[LOCAL]
    assert state in row.state
    assert row.usable is (state == "int8, usable")


def test_a_damaged_bundle_is_listed_with_its_trouble(imported: Path) -> None:
    (imported / "configuration.json").write_text("{")
    row = rows()[LOCAL]
    assert row.usable is False
    assert "is not JSON" in row.state


def test_an_unfinished_fetch_is_not_listed(tmp_path: Path) -> None:
    incoming = tmp_path / "cache" / "ectopy" / "models" / LOCAL / ".incoming"
    incoming.mkdir(parents=True)
    shutil.copy(MODELS / "beat-2-eff-sm" / "configuration.json", incoming)
    assert rows()[LOCAL].place is Place.ZOO


def test_a_bundle_behind_another_of_its_name_says_so(tmp_path: Path, source: Path) -> None:
    local = tmp_path / "models" / "beat-2-eff-sm"
    shutil.copytree(source, local)
    found = [row for row in list_bundles() if row.name == "beat-2-eff-sm"]
    assert [row.hidden_by for row in found] == [None, str(local.resolve())]
    assert open_bundle("beat-2-eff-sm").path == local.resolve()


def test_a_fresh_import_passes_and_says_what_its_tflite_is(imported: Path) -> None:
    verification = verify_bundle(LOCAL)
    assert verification.passed
    assert (verification.name, verification.path) == (LOCAL, str(imported))
    said = checks(LOCAL, "model.tflite")
    assert said[0].finding == (
        "int8 inside, float input and output: float32 1x512 to float32 1x2, 3 operators"
    )
    assert said[0].advice.endswith(f"ectopy quantize --model {LOCAL}")
    assert "softmax" in said[1].finding


def test_the_mode_that_nobody_reads_is_pointed_out(imported: Path) -> None:
    notes = [c for c in checks(LOCAL, "configuration.json") if c.verdict is Verdict.NOTE]
    assert len(notes) == 1
    assert "heartKIT reads quantization.format" in notes[0].finding


def test_a_float_model_is_not_what_heartkits_export_makes_of_it(imported: Path) -> None:
    (imported / "model.tflite").write_bytes(float_tflite())
    findings = [c.finding for c in checks(LOCAL, "model.tflite")]
    assert (
        "heartKIT's export makes int8_float_io of this configuration, the file is float" in findings
    )


def test_the_architecture_is_checked_without_tensorflow(imported: Path) -> None:
    (check,) = checks(LOCAL, "architecture")
    assert check.verdict is Verdict.OK
    assert check.finding == "27,886 parameters in 45 layers, as the configuration makes them"
    (loaded,) = checks(LOCAL, "architecture in TensorFlow")
    assert loaded.verdict in {Verdict.SKIPPED, Verdict.OK}


def test_a_model_of_another_configuration_fails_with_the_layer_named(source: Path) -> None:
    shutil.copy(MODELS / "beat-3-eff-sm" / "model.keras", source)
    assert "stage1.mbconv1.se.sq is Conv2D 1x1x24x6" in failed(source)[0].finding


def test_an_architecture_that_is_not_known_is_skipped_and_not_passed(source: Path) -> None:
    document = heartkit_configuration()
    document["architecture"] = {"name": "tcn", "params": {}}
    (source / "configuration.json").write_text(json.dumps(document))
    (check,) = checks(source, "architecture")
    assert check.verdict is Verdict.SKIPPED
    assert "'tcn'" in check.finding


def test_an_architecture_that_cannot_be_built_fails(source: Path) -> None:
    document = heartkit_configuration()
    document["architecture"]["params"]["blocks"] = "many"
    (source / "configuration.json").write_text(json.dumps(document))
    assert any("blocks" in check.finding for check in failed(source))


def test_recorded_hashes_are_checked_again(imported: Path) -> None:
    assert {c.verdict for c in checks(LOCAL, "sha256")} == {Verdict.OK}
    (imported / "metrics.json").write_text("{}")
    (imported / "model.keras").unlink()
    findings = [c.finding for c in failed(LOCAL) if c.subject == "sha256"]
    assert len(findings) == 2
    assert findings[0].startswith("model.keras is gone (it was imported ")
    assert findings[1].startswith("metrics.json changed (it was imported ")


def test_a_changed_file_of_the_same_size_is_found(imported: Path) -> None:
    content = (imported / "metrics.json").read_text()
    (imported / "metrics.json").write_text(content.replace("0.977", "0.999"))
    (check,) = failed(LOCAL)
    assert check.finding.startswith("metrics.json changed (it was imported ")


def quantized_here(folder: Path, keras_sha256: str | None = None) -> None:
    """As ectopy quantize leaves a bundle."""
    (folder / "model.tflite").write_bytes(full_int8_tflite())
    report = {
        "keras_sha256": keras_sha256 or sha256_of(folder / "model.keras"),
        "tflite_sha256": sha256_of(folder / "model.tflite"),
    }
    (folder / "quantize.json").write_text(json.dumps(report))


def test_a_tflite_made_here_is_told_from_one_that_was_tampered_with(imported: Path) -> None:
    quantized_here(imported)
    findings = [c.finding for c in checks(LOCAL, "sha256")]
    assert "model.tflite was made here by ectopy quantize from this model.keras" in findings
    assert verify_bundle(LOCAL).passed
    (imported / "model.tflite").write_bytes(full_int8_tflite() + b"\0")
    assert [c.subject for c in failed(LOCAL)] == ["sha256"]


def test_a_tflite_made_from_another_keras_model_says_so(imported: Path) -> None:
    quantized_here(imported, keras_sha256="0" * 64)
    findings = [c.finding for c in checks(LOCAL, "sha256")]
    assert "model.tflite was made here by ectopy quantize, from another model.keras" in findings


def test_a_keras_model_that_was_replaced_is_not_excused_by_the_report(imported: Path) -> None:
    shutil.copy(MODELS / "beat-3-eff-sm" / "model.keras", imported)
    quantized_here(imported)
    assert "model.keras changed" in failed(LOCAL)[0].finding


def test_a_bundle_made_here_is_checked_by_its_quantize_report(tmp_path: Path) -> None:
    copy = shutil.copytree(MODELS / "beat-2-eff-sm", tmp_path / "copy")
    assert {c.verdict for c in checks(copy, "sha256")} == {Verdict.OK}
    (copy / "model.tflite").write_bytes(full_int8_tflite())
    (wrong,) = failed(copy)
    assert wrong.finding == "model.tflite is not the one of quantize.json"


def test_a_bundle_with_no_record_says_that_nothing_could_be_compared(source: Path) -> None:
    (check,) = checks(source, "sha256")
    assert check.verdict is Verdict.SKIPPED


def test_a_supported_kind_with_an_operator_that_is_not_fails_with_the_reason(
    imported: Path,
) -> None:
    (imported / "model.tflite").write_bytes(full_int8_tflite(classes=7))
    findings = [c.finding for c in failed(LOCAL) if c.subject == "model.tflite"]
    assert "maps 512 samples to 7 classes" in findings[0]


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("model.keras", b"<html>"),
        ("model.tflite", b"<html>"),
        ("metrics.json", b"<html>"),
        ("metrics.json", b"[]"),
    ],
)
def test_a_spoilt_file_fails_and_the_rest_is_still_checked(
    source: Path, file: str, content: bytes
) -> None:
    (source / file).write_bytes(content)
    assert [c.subject for c in failed(source)] == [file]


def test_advice_for_a_folder_names_the_folder_and_not_another_of_its_name(source: Path) -> None:
    assert open_bundle(source).name == "beat-2-eff-sm", "as the one trained here"
    (check, *_) = checks(source, "model.tflite")
    assert check.advice.endswith(f"ectopy quantize --model {source}")


def test_absent_files_are_notes(source: Path) -> None:
    for file in ("model.keras", "model.tflite", "metrics.json"):
        (source / file).unlink()
    verification = verify_bundle(str(source))
    assert verification.passed
    notes = {c.subject for c in verification.checks if c.verdict is Verdict.NOTE}
    assert {"model.keras", "model.tflite", "metrics.json"} <= notes


def test_a_file_that_would_run_code_fails(source: Path, tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(source / "model.keras") as archive:
        content = {info.filename: archive.read(info) for info in archive.infolist()}
    description = json.loads(content["config.json"])
    description["config"]["layers"][4] |= {"class_name": "Lambda"}
    content["config.json"] = json.dumps(description).encode()
    with zipfile.ZipFile(source / "model.keras", "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    assert "a Lambda layer or function: code that we do not run" in failed(source)[0].finding


def test_the_zoos_metrics_are_shown_and_said_not_to_be_comparable(imported: Path) -> None:
    (check,) = checks(LOCAL, "metrics.json")
    assert "f1 0.977" in check.finding
    assert "not comparable" in check.advice


def test_metrics_of_absurd_values_are_no_trouble(source: Path) -> None:
    (source / "metrics.json").write_text('{"f1": 1e999, "acc": "high", "loss": [1]}')
    (check,) = checks(source, "metrics.json")
    assert "no figure that we know" in check.finding


def test_an_unusable_configuration_or_target_is_an_error(source: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model bundle"):
        verify_bundle("nowhere")
    (source / "configuration.json").write_text("{}")
    with pytest.raises(ModelError, match="is missing"):
        verify_bundle(str(source))


def test_the_softmax_note_is_gone_once_the_model_is_made_here(imported: Path) -> None:
    assert float_io_tflite() == (imported / "model.tflite").read_bytes()
    quantized_here(imported)
    findings = " ".join(c.finding for c in checks(LOCAL, "model.tflite"))
    assert "softmax" not in findings
    assert "the device can run it" in findings


def test_a_report_about_an_earlier_tflite_does_not_speak_for_this_one(imported: Path) -> None:
    quantized_here(imported)
    (imported / "model.tflite").write_bytes(float_io_tflite())
    findings = " ".join(c.finding for c in checks(LOCAL, "model.tflite"))
    assert "softmax" in findings
    assert verify_bundle(LOCAL).passed, "it is again the one that was imported"
