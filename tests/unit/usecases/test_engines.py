"""Engines side by side: who takes part, and what a failure costs."""

from dataclasses import replace
from pathlib import Path

import pytest

from ectopy.errors import InputError, ToolError
from ectopy.report.engines import BEGIN, END, EngineFigures
from ectopy.usecases import engines as subject
from ectopy.usecases.engines import (
    Contender,
    EnginesRequest,
    compare_engines,
    find_contenders,
    write_readme,
)
from ectopy.vocab import DatasetName, EngineName, Optimize
from ectopy.zoo import open_bundle
from support.invented_engines import AOT, FAST_TFLM, SMALL_TFLM, invented_engines

README = Path(__file__).parents[3] / "README.md"
MODELS = ("beat-2-eff-sm", "beat-3-eff-sm")


def asked(**more: object) -> EnginesRequest:
    """With both runtimes named."""
    request = EnginesRequest(
        tflm="tree",
        neuralspot="checkout",
        environment={},
        dataset=DatasetName.SYNTHETIC,
        limit=2,
    )
    return replace(request, **more)  # type: ignore[arg-type]


@pytest.fixture
def outcomes(monkeypatch: pytest.MonkeyPatch) -> dict[str, BaseException]:
    """What happens to a contender, by its title; the others get invented figures."""
    planned: dict[str, BaseException] = {}

    def measure(case: object, contender: Contender, progress: object) -> EngineFigures:
        if contender.title in planned:
            raise planned[contender.title]
        return AOT if contender.engine is EngineName.AOT else FAST_TFLM

    monkeypatch.setattr(subject, "_measure", measure)
    monkeypatch.setattr(subject, "find_compiler", lambda _: "no compiler at all")
    return planned


def test_aot_takes_part_with_every_goal_meant_for_production() -> None:
    contenders = find_contenders(asked())
    goals = [each.optimize for each in contenders if each.engine is EngineName.AOT]
    assert goals == [each for each in Optimize if each is not Optimize.DEBUG]
    tflm = [each for each in contenders if each.engine is EngineName.TFLM]
    assert [each.missing for each in tflm] == ["", ""]
    assert tflm[0].runtime is not None
    assert tflm[1].runtime is not None
    assert (tflm[0].runtime.tflm, tflm[0].runtime.neuralspot) == ("tree", "")
    assert (tflm[1].runtime.tflm, tflm[1].runtime.neuralspot) == ("", "checkout")
    assert tflm[1].runtime.name == "helia_rt_v1_3_0"


def test_every_contender_builds_in_a_folder_of_its_own() -> None:
    folders = [each.folder(MODELS[0]).name for each in find_contenders(asked())]
    assert len(set(folders)) == len(folders)
    assert "virt-aot-beat-2-eff-sm" in folders
    assert "virt-tflm-helia_rt_v1_3_0-beat-2-eff-sm" in folders


def test_runtimes_that_nobody_named_are_left_out_with_the_reason(
    outcomes: dict[str, BaseException],
) -> None:
    run = compare_engines(asked(tflm="", neuralspot=""))
    assert run.failure is None
    assert [model.model for model in run.table.models] == list(MODELS)
    for model in run.table.models:
        assert {each.engine for each in model.engines} == {EngineName.AOT}
        assert "TFLM=" in model.absent[0].reason
        assert "NEURALSPOT=" in model.absent[1].reason
        assert not any(each.failed for each in model.absent)


def test_an_engine_that_fails_costs_no_other_its_figures(
    outcomes: dict[str, BaseException],
) -> None:
    outcomes["tflm, upstream tflite-micro"] = ToolError("it does not build")
    run = compare_engines(asked())
    assert isinstance(run.failure, ToolError)
    for model in run.table.models:
        assert [each.version for each in model.engines][-1] == FAST_TFLM.version
        (absent,) = model.absent
        assert (absent.failed, absent.reason) == (True, "it does not build")


def test_ctrl_c_keeps_what_was_measured_and_starts_nothing_more(
    outcomes: dict[str, BaseException],
) -> None:
    outcomes["tflm, upstream tflite-micro"] = KeyboardInterrupt()
    run = compare_engines(asked())
    assert isinstance(run.failure, KeyboardInterrupt)
    first, second = run.table.models
    assert [each.engine for each in first.engines] == [EngineName.AOT] * len(first.engines)
    assert first.engines
    assert [each.reason for each in first.absent] == ["interrupted", "not reached: interrupted"]
    assert not second.engines


def test_models_and_data_are_looked_at_before_anything_is_measured(
    outcomes: dict[str, BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "_measure", lambda *_: pytest.fail("something was measured"))
    with pytest.raises(InputError, match="nobody"):
        compare_engines(asked(models=(MODELS[0], "nobody")))
    assert open_bundle(MODELS[0])


def test_the_table_goes_between_the_markers_of_our_readme_and_nothing_else_changes(
    outcomes: dict[str, BaseException], tmp_path: Path
) -> None:
    copy = tmp_path / "README.md"
    copy.write_bytes(README.read_bytes())
    write_readme(copy, invented_engines(AOT, FAST_TFLM, SMALL_TFLM))
    before, after = README.read_text(), copy.read_text()
    for text in (before, after):
        assert (text.count(BEGIN), text.count(END)) == (1, 1)
    assert after.partition(BEGIN)[0] == before.partition(BEGIN)[0]
    assert after.partition(END)[2] == before.partition(END)[2]
    between = after.partition(BEGIN)[2].partition(END)[0]
    assert "1,000,000 (25.0 %)" in between
    compare_engines(asked(readme=copy))
    assert "4,000,000 (100.0 %)" in copy.read_text()
    assert copy.read_text().partition(END)[2] == before.partition(END)[2]


def test_a_readme_keeps_its_table_where_a_run_could_not_fill_it(
    outcomes: dict[str, BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "README.md"
    copy.write_text(f"{BEGIN}\nthe table\n{END}\n")
    outcomes["tflm, upstream tflite-micro"] = ToolError("it does not build")
    assert compare_engines(asked(readme=copy)).failure is not None
    assert "the table" in copy.read_text()
    monkeypatch.setattr(subject, "open_case", lambda *_: pytest.fail("a case was opened"))
    with pytest.raises(InputError, match=r"keeps its table.*no upstream .* is named: --tflm"):
        compare_engines(asked(tflm="", readme=copy))


def test_a_readme_that_cannot_be_written_at_the_end_costs_no_figures(
    outcomes: dict[str, BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "README.md"
    copy.write_text(f"{BEGIN}\n{END}\n")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    run = compare_engines(asked(readme=copy))
    assert isinstance(run.failure, InputError)
    assert "cannot be written: No space left" in run.failure.message
    assert all(model.engines for model in run.table.models)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(None, "cannot be read"), (b"no markers", "once each"), (b"\xff\xfe\xff", "is not text")],
)
def test_a_document_that_cannot_take_the_table_is_found_before_anything_is_measured(
    content: bytes | None, complaint: str, tmp_path: Path, outcomes: dict[str, BaseException]
) -> None:
    path = tmp_path / "x.md"
    if content is not None:
        path.write_bytes(content)
    for tflm in ("tree", ""):
        with pytest.raises(InputError, match=complaint) as caught:
            compare_engines(asked(readme=path, tflm=tflm))
        assert "x.md" in caught.value.message
