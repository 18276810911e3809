import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from ectopy.errors import DataError, InputError
from ectopy.records import RunRecord, from_json, to_json
from ectopy.report import Part
from ectopy.report.profile import to_json as profile_json
from ectopy.usecases import report as subject
from ectopy.usecases.bench import bench
from ectopy.usecases.report import ReportRequest, Sources, gather, report_runs
from ectopy.usecases.run_folder import open_run
from support.invented_profile import invented_profile
from support.invented_record import invented_record
from unit.usecases.bench_doubles import Rig, make_rig, windows_once

Change = Callable[[RunRecord], RunRecord]


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rig:
    monkeypatch.setattr(subject, "load_windows", windows_once)
    monkeypatch.setattr("ectopy.usecases.build.BUILD_DIR", tmp_path / "build")
    # Always the first class: most windows are wrong.
    rig = make_rig(tmp_path, monkeypatch)
    rig.device.infer = lambda *_: bytes((9, 0, 0))
    rig.device.hello["engine"]["name"] = "aot"  # type: ignore[index]
    return rig


@pytest.fixture
def folder(rig: Rig) -> Path:
    run = bench(rig.request)
    assert run.folder is not None
    assert run.failure is None
    return run.folder


def sources(rig: Rig) -> Sources:
    return Sources(bundles=(rig.request.model,))


def change_record(folder: Path, change: Change) -> None:
    path = folder / "record.json"
    path.write_text(to_json(change(from_json(path.read_text()))))


def test_bench_leaves_the_pages_beside_the_record(folder: Path) -> None:
    page = (folder / "report.html").read_text()
    assert "SYNTHETIC" in page
    assert "<polyline" in page
    assert "1 CONV_2D: 1x1x64x4" in page
    suite = Xml.parse(folder / "junit.xml").getroot()[0]
    assert suite.get("name") == folder.name
    assert suite.get("failures") == "1"  # the rigged answers are not the reference's


def test_everything_is_found_by_its_hash(rig: Rig, folder: Path) -> None:
    material = gather(open_run(folder), sources(rig))
    assert material.missing == {
        Part.IMAGE: f"build/virt-aot-{material.record.model.name} holds no image"
    }
    assert material.model is not None
    assert material.examples
    for example in material.examples:
        assert (example.true_class, example.said) != (0, 0)
        assert sum(example.probabilities) == pytest.approx(1)


def test_another_model_of_that_name_is_not_shown(folder: Path) -> None:
    # Without the rig's bundle, the name leads to the model in the repository.
    material = gather(open_run(folder), Sources())
    assert material.model is None
    assert "another model" in material.missing[Part.ARENA]
    assert "another model" in material.missing[Part.PROBABILITIES]
    assert all(example.probabilities == () for example in material.examples)


def test_a_model_nobody_has_is_explained(folder: Path) -> None:
    change_record(folder, lambda r: replace(r, model=replace(r.model, name="nobody-has-it")))
    assert "nobody-has-it" in gather(open_run(folder), Sources()).missing[Part.ARENA]


def test_an_engine_that_plans_for_itself_gets_no_arena_picture(rig: Rig, folder: Path) -> None:
    change_record(folder, lambda r: replace(r, engine=replace(r.engine, name="tflm")))
    material = gather(open_run(folder), sources(rig))
    assert "tflm" in material.missing[Part.ARENA]
    assert material.examples[0].probabilities


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda d: replace(d, sha256="00" * 32), "not the ECG that was measured"),
        (lambda d: replace(d, name="icentia11k"), "icentia11k"),
        (lambda d: replace(d, limit=3), "not the ECG that was measured"),
    ],
)
def test_other_ecg_is_not_drawn(
    rig: Rig, folder: Path, change: Callable[[object], object], reason: str
) -> None:
    change_record(folder, lambda r: replace(r, dataset=change(r.dataset)))  # type: ignore[arg-type]
    material = gather(open_run(folder), sources(rig))
    assert material.examples == ()
    assert reason in material.missing[Part.EXAMPLES]


def test_absent_ecg_is_explained(rig: Rig, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(_: object) -> None:
        raise DataError("no MIT-BIH records")

    monkeypatch.setattr(subject, "load_windows", absent)
    assert gather(open_run(folder), sources(rig)).missing[Part.EXAMPLES] == "no MIT-BIH records"


def test_a_record_alone_is_reported_with_what_is_missing(folder: Path, tmp_path: Path) -> None:
    alone = tmp_path / "elsewhere" / "mine.json"
    alone.parent.mkdir()
    shutil.copy(folder / "record.json", alone)
    written = report_runs(ReportRequest(runs=(alone,)))
    assert [path.name for path in written] == ["report.html", "report.md", "junit.xml"]
    assert {path.parent for path in written} == {alone.parent}
    assert "there is no outputs.csv" in written[0].read_text()


def test_several_runs_share_a_page_and_need_a_folder_for_it(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        report_runs(ReportRequest(runs=(folder, folder)))
    assert "-o" in refused.value.hint
    out = tmp_path / "a" / "b"
    report_runs(ReportRequest(runs=(folder, folder), out_dir=out))
    assert "2 runs side by side" in (out / "report.html").read_text()
    assert (out / "report.md").read_text().count("# beat-3-eff-sm on ") == 2
    assert len(Xml.parse(out / "junit.xml").getroot()) == 2


def test_a_place_that_takes_no_files_is_an_input_error(folder: Path) -> None:
    with pytest.raises(InputError, match="cannot write the report"):
        report_runs(ReportRequest(runs=(folder,), out_dir=folder / "record.json"))


def test_half_a_character_in_a_record_does_not_stop_the_pages(folder: Path) -> None:
    change_record_text = (folder / "record.json").read_text()
    tree = json.loads(change_record_text)
    tree["provenance"]["command"] = "\ud800"
    (folder / "record.json").write_text(json.dumps(tree))
    report_runs(ReportRequest(runs=(folder,)))


def test_a_profile_beside_the_record_is_shown(rig: Rig, folder: Path) -> None:
    (folder / "profile.json").write_text(profile_json(invented_profile("12" * 32)))
    report_runs(ReportRequest(runs=(folder,)))
    page = (folder / "report.html").read_text()
    assert "9,377 modelled cycles for 1,792 MAC, memory with no wait states" in page
    assert "stem\n9,000 cycles, 1,792 MAC" in page


def test_without_a_profile_nothing_is_said_about_operators(folder: Path) -> None:
    assert "<h2>Operators" not in (folder / "report.html").read_text()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (profile_json(invented_profile("34" * 32)), "of another image"),
        ("{", "is not a profile"),
    ],
)
def test_a_profile_that_is_not_of_the_run_is_explained(
    rig: Rig, folder: Path, text: str, reason: str
) -> None:
    (folder / "profile.json").write_text(text)
    material = gather(open_run(folder), sources(rig))
    assert material.profile is None
    assert reason in material.missing[Part.OPERATORS]


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda text: text.replace("device_1", "device_x"), "no column device_1"),
        (lambda text: text[: len(text) // 2] + "\n", "damaged|not of the record"),
        (lambda text: "\n".join(text.splitlines()[:-1]), "not of the record"),
        (lambda text: text.replace(",9,0,0", ",0,9,0"), "not of the record"),
        (lambda text: text.replace(",9,0,0", ",900,0,0"), "no int8"),
        (lambda text: text.replace(",9,0,0", ",nine,0,0"), "damaged"),
        (lambda text: text.replace(",9,0,0", "," + "9" * 40 + ",0,0"), "damaged"),
        (lambda text: text + "\x00", "damaged|not of the record"),
        (lambda _: "", "no column"),
        (lambda text: text.splitlines()[0], "holds no outputs"),
        (lambda text: text.replace(",1000,", f",{2**62},"), "out of range"),
        (lambda text: text.replace(",1000,", ",-1,"), "out of range"),
        (lambda _: "x" * 200_000, "damaged"),
    ],
)
def test_a_damaged_table_is_refused(
    folder: Path, damage: Callable[[str], str], complaint: str
) -> None:
    path = folder / "outputs.csv"
    path.write_text(damage(path.read_text()))
    with pytest.raises(InputError, match=complaint):
        open_run(folder)


def test_a_table_that_is_not_text_is_refused(folder: Path) -> None:
    (folder / "outputs.csv").write_bytes(b"\xff\xfe\x00window")
    with pytest.raises(InputError, match="not text"):
        open_run(folder)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "there is no run record"),
        ("{", "not JSON"),
        (to_json(invented_record()).replace('version": 1', 'version": 2'), "schema version 2"),
    ],
)
def test_a_folder_without_a_usable_record_is_refused(
    tmp_path: Path, text: str | None, complaint: str
) -> None:
    if text is not None:
        (tmp_path / "record.json").write_text(text)
    with pytest.raises(InputError, match=complaint):
        open_run(tmp_path)
