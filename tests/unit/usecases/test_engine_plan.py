"""One plan for one image: whoever talks about an image asks for the plan of its goal."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from ectopy.aot import Plan
from ectopy.aot import compile_graph as compile_for_real
from ectopy.cli import group
from ectopy.cycles import FunctionCost, Tally
from ectopy.errors import InputError
from ectopy.graph.reader import load_tflite
from ectopy.graph.types import Graph
from ectopy.toolchain import Image
from ectopy.usecases import autodeploy, engine_plan, inspect, profile_rows, report
from ectopy.usecases import build as build_module
from ectopy.usecases.bench_record import _engine
from ectopy.usecases.build import BuildRequest, build_firmware, build_folder, expected_build_id
from ectopy.usecases.diff import prepare
from ectopy.usecases.diff_types import DiffRequest
from ectopy.usecases.render import render_texts
from ectopy.vocab import BoardName, DatasetName, EngineName, Optimize
from ectopy.zoo import open_bundle
from support.invented_record import invented_record

BUNDLE = "beat-2-eff-sm"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Optimize]:
    """What plans were made for."""
    goals: list[Optimize] = []

    def compile_graph(graph: Graph, *, optimize: Optimize) -> Plan:
        goals.append(optimize)
        return compile_for_real(graph, optimize=optimize)

    monkeypatch.setattr(engine_plan, "compile_graph", compile_graph)
    return goals


@pytest.fixture(scope="module")
def graph() -> Graph:
    return load_tflite(open_bundle(BUNDLE).tflite_path)


def test_an_interpreter_has_no_plan_and_none_that_could_be_made_for_something(graph: Graph) -> None:
    assert engine_plan.engine_plan(graph, EngineName.TFLM, Optimize.SPEED) is None
    assert engine_plan.goal(EngineName.TFLM, Optimize.SPEED) is None
    with pytest.raises(InputError, match="makes no plan that could be optimized for debug") as why:
        engine_plan.engine_plan(graph, EngineName.TFLM, Optimize.DEBUG)
    assert "--engine aot" in why.value.hint


def test_all_goals_but_debug_are_for_production() -> None:
    assert Optimize.SPEED.for_production
    assert {each for each in Optimize if not each.for_production} == {Optimize.DEBUG}


def test_each_goal_has_a_build_folder_and_that_of_speed_keeps_its_name() -> None:
    bundle = open_bundle(BUNDLE)
    names = {
        BuildRequest(
            board=BoardName.VIRT, engine=EngineName.AOT, bundle=bundle, optimize=optimize
        ).folder.name
        for optimize in Optimize
    }
    assert len(names) == len(Optimize)
    assert {"virt-aot-beat-2-eff-sm", "virt-aot-debug-beat-2-eff-sm"} <= names
    assert build_folder("virt", "aot", BUNDLE).name == "virt-aot-beat-2-eff-sm"


def test_images_of_different_goals_are_told_apart_even_if_their_sources_are_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bundle = open_bundle(BUNDLE)
    same = render_texts(bundle, EngineName.AOT)
    monkeypatch.setattr(build_module, "render_texts", lambda *_, **__: same)
    ids = {
        expected_build_id(
            BuildRequest(
                board=BoardName.HOST, engine=EngineName.AOT, bundle=bundle, optimize=optimize
            )
        )
        for optimize in Optimize
    }
    assert len(ids) == len(Optimize)


def test_an_image_is_rendered_and_built_for_what_was_asked(
    asked: list[Optimize], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_module, "BUILD_DIR", tmp_path)
    bundle = open_bundle(BUNDLE)
    render_texts(bundle, EngineName.AOT, optimize=Optimize.DEBUG)
    image = build_firmware(
        BuildRequest(
            board=BoardName.HOST, engine=EngineName.AOT, bundle=bundle, optimize=Optimize.DEBUG
        )
    )
    assert image.optimize is Optimize.DEBUG
    assert image.elf.parent.name == "host-aot-debug-beat-2-eff-sm"
    assert set(asked) == {Optimize.DEBUG}


def test_a_search_for_a_difference_names_the_kernels_of_the_image(
    asked: list[Optimize], tmp_path: Path
) -> None:
    prepare(
        DiffRequest(
            model=BUNDLE,
            board=BoardName.HOST,
            optimize=Optimize.DEBUG,
            elf=tmp_path / "some.elf",
            dataset=DatasetName.SYNTHETIC,
            limit=1,
        )
    )
    assert len(asked) == 2  # the names of kernels, and the build id
    assert set(asked) == {Optimize.DEBUG}


class NoEstimate:
    """Of no operator, in which some functions ran."""

    operators: tuple[Tally, ...] = ()
    engine = Tally()
    cycles = 1
    dearest = ()

    def __init__(self, *functions: str) -> None:
        self.functions = tuple(
            FunctionCost(name=name, address=0, instructions=1, cycles=1) for name in functions
        )


def test_rows_of_a_profile_are_steps_of_the_plan_of_the_image(
    asked: list[Optimize], graph: Graph, tmp_path: Path
) -> None:
    subject = profile_rows.Subject(
        elf=tmp_path,
        elf_sha256="",
        build_id="",
        board=BoardName.VIRT,
        engine=EngineName.AOT,
        optimize=Optimize.DEBUG,
    )
    kernels = {o: kernels_of(graph, o) for o in Optimize}
    asked.clear()
    for ran in Optimize:
        estimate = NoEstimate(*kernels[ran], "run")
        plan, goal = profile_rows._find_plan(graph, subject, estimate)  # type: ignore[arg-type]
        assert goal is ran and plan is not None
        rows = profile_rows._operators(graph, plan, estimate, ())  # type: ignore[arg-type]
        assert [row.kind for row in rows] == [profile_rows.ENGINE_ROW]
    assert asked[:2] == [Optimize.DEBUG, Optimize.SPEED]
    other = NoEstimate("ect_of_other_sources")
    assert profile_rows._find_plan(graph, subject, other) == (None, None)  # type: ignore[arg-type]


def kernels_of(graph: Graph, optimize: Optimize) -> set[str]:
    steps = compile_for_real(graph, optimize=optimize).steps
    return {step.call.kernel for step in steps if step.call is not None}


def test_pages_about_a_run_draw_the_arena_of_its_plan(asked: list[Optimize]) -> None:
    record = invented_record()
    sha256 = load_tflite(open_bundle(BUNDLE).tflite_path).sha256
    record = replace(
        record,
        model=replace(record.model, name=BUNDLE, tflite_sha256=sha256),
        engine=replace(record.engine, optimized_for=Optimize.DEBUG),
    )
    found = report._Findings()
    report._find_model(record, report.Sources(), found)
    assert found.model is not None
    assert asked == [Optimize.DEBUG]


def test_a_second_opinion_is_set_beside_the_arena_of_the_run(
    asked: list[Optimize], graph: Graph
) -> None:
    record = invented_record()
    beside = replace(record, engine=replace(record.engine, optimized_for=Optimize.DEBUG))
    for run in (beside, None):
        model = autodeploy._Model(bundle=open_bundle(BUNDLE), tflite=b"", graph=graph, record=run)
        assert autodeploy._planned_arena_bytes(model)
    assert asked == [Optimize.DEBUG, Optimize.SPEED]


def test_inspect_states_the_arena_of_what_a_build_gives_by_default(asked: list[Optimize]) -> None:
    inspect.inspect_model(BUNDLE)
    assert asked == [Optimize.SPEED]


@pytest.mark.parametrize(
    ("engine", "aim"), [(EngineName.AOT, Optimize.DEBUG), (EngineName.TFLM, None)]
)
def test_the_record_says_what_the_engine_was_optimized_for_or_why_not(
    engine: EngineName, aim: Optimize | None
) -> None:
    class Run:
        image = Image(
            board=BoardName.VIRT,
            engine=engine,
            elf=Path("x"),
            elf_sha256="",
            build_id="",
            flash_bytes=0,
            ram_bytes=0,
            arena_predicted_bytes=0,
            toolchain="",
            tflite_sha256="",
            optimize=Optimize.DEBUG,
        )

        class hello:  # noqa: N801 - stands for an attribute
            engine = "some"
            engine_version = "1"

    notes: dict[str, str] = {}
    made = _engine(Run(), notes)  # type: ignore[arg-type]
    assert made.optimized_for is aim
    assert str(made) == ("some 1" if aim is None else "some 1, for debug")
    assert ("interpreter" in notes.get("engine.optimized_for", "")) == (aim is None)


@pytest.mark.parametrize(
    "command", ["render", "build", "bench", "profile", "diff", "deploy", "flash"]
)
def test_every_command_hands_the_goal_on(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    line = [command, "--engine", "tflm", "--optimize", "debug", "--model", BUNDLE]
    if command in {"bench", "profile", "diff", "deploy"}:
        line += ["--dataset", "synthetic"]
    result = CliRunner().invoke(group, line)
    assert isinstance(result.exception, InputError)
    assert "optimized for debug" in result.exception.message
    assert not list(tmp_path.glob("runs/*/record.json"))


def test_the_name_of_the_goal_in_make_does_not_reach_the_flags_of_the_compiler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAKEFLAGS", " -- OPTIMIZE=debug BOARD=virt")
    request = BuildRequest(
        board=BoardName.HOST,
        engine=EngineName.AOT,
        bundle=open_bundle(BUNDLE),
        out_dir=tmp_path,
    )
    build_firmware(request)
    flags = (tmp_path / "flags.txt").read_text().split()
    assert "-O2" in flags
    assert "debug" not in flags
