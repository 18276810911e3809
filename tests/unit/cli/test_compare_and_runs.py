"""``ectopy compare`` and ``ectopy runs`` over run folders, good and damaged."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ectopy.records import RunRecord, to_json
from ectopy.report.profile import Profile
from ectopy.report.profile import to_json as profile_json
from ectopy.vocab import Optimize, TickUnit
from support.command_line import make_wide, run
from support.invented_profile import faster_profile, invented_profile
from support.invented_record import invented_record, partial_record


@pytest.fixture(autouse=True)
def plain_console(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    make_wide(monkeypatch)


def at(day: int, ticks: int = 7_000_000) -> RunRecord:
    record = invented_record()
    return replace(
        record,
        latency=replace(record.latency, invoke_median=ticks),
        provenance=replace(record.provenance, created_utc=f"2026-01-{day:02}T00:00:00Z"),
    )


def write(folder: Path, record: RunRecord) -> Path:
    folder.mkdir(parents=True)
    (folder / "record.json").write_text(to_json(record), encoding="utf-8")
    return folder


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Three comparable runs whose second is the fastest, one of another board, one partial."""
    folder = tmp_path / "runs"
    for day, ticks in ((1, 7_000_000), (2, 6_000_000), (3, 6_500_000)):
        write(folder / f"run{day}", at(day, ticks))
    host = replace(invented_record().board, name="host", emulated=False)
    slow = replace(at(4).latency, unit=TickUnit.NANOSECONDS, invoke_median=5)
    write(folder / "run4", replace(at(4), board=host, latency=slow))
    part = partial_record()
    write(folder / "run5", replace(part, latency=replace(part.latency, invoke_median=1)))
    return folder


def test_equal_runs_compare_with_exit_code_0(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("compare", runs / "run1", runs / "run1" / "record.json") == 0
    shown = capsys.readouterr().out
    assert "macro F1" in shown
    assert "there is no profile.json beside" in shown


def test_runs_for_different_goals_are_comparable_and_the_goals_are_shown(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = at(6)
    debug = replace(record.engine, optimized_for=Optimize.DEBUG)
    write(runs / "run6", replace(record, engine=debug))
    assert run("compare", runs / "run1", runs / "run6") == 0
    (line,) = (each for each in capsys.readouterr().out.splitlines() if "engine" in each)
    assert "aot 1, for speed" in line
    assert "aot 1, for debug" in line
    assert run("compare", runs / "run1", runs / "run6", "--json") == 0
    goals = json.loads(capsys.readouterr().out)["optimized_for"]
    assert goals == {"a": "speed", "b": "debug"}
    assert run("runs", "--runs-dir", runs, "--metric", "invoke_median") == 0
    histories = [
        each for each in capsys.readouterr().out.splitlines() if "inference median" in each
    ]
    assert any("aot for debug" in each for each in histories)
    assert any("aot for speed" in each for each in histories)


def with_profile(run: Path, profile: Profile) -> None:
    (run / "profile.json").write_text(profile_json(profile))


def test_operators_and_functions_that_differ_are_shown_where_both_have_a_profile(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_profile(runs / "run1", invented_profile())
    with_profile(runs / "run2", faster_profile("ab" * 32))
    assert run("compare", runs / "run1", runs / "run2") == 0
    shown = capsys.readouterr().out
    assert "-4,000 (-44.4 %)" in shown
    assert "2 unchanged" in shown


@pytest.mark.parametrize(
    ("profile", "reason"),
    [
        (invented_profile("00" * 32), "is of another image"),
        (replace(invented_profile(), memory="apollo4p-tcm"), "memory models differ"),
    ],
)
def test_profiles_that_cannot_be_compared_say_why(
    profile: Profile, reason: str, runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_profile(runs / "run1", invented_profile())
    with_profile(runs / "run2", profile)
    assert run("compare", runs / "run1", runs / "run2") == 0
    assert reason in " ".join(capsys.readouterr().out.split())


def test_a_comparison_is_json_for_programs_and_gates_still_decide(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gates = tmp_path / "gates.toml"
    gates.write_text("[max_increase]\ninvoke_median_percent = 1.0\n")
    with_profile(runs / "run2", invented_profile())
    with_profile(runs / "run3", faster_profile("ab" * 32))
    assert run("compare", runs / "run2", runs / "run3", "--gates", gates, "--json") == 1
    found = json.loads(capsys.readouterr().out)
    (median,) = (each for each in found["changes"] if each["metric"] == "invoke_median")
    assert (median["a"], median["b"], median["delta"]) == (6_000_000, 6_500_000, 500_000)
    assert found["gates"] == [
        {
            "gate": "invoke_median_percent",
            "limit": 1.0,
            "metric": "invoke_median",
            "class": "",
            "passed": False,
        }
    ]
    assert found["profile"]["operators"][0]["name"] == "0 CONV_2D stem"


def test_a_regression_ends_with_1_and_says_which_line(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gates = tmp_path / "gates.toml"
    gates.write_text("[max_increase]\ninvoke_median_percent = 1.0\narena_bytes = 0\n")
    assert run("compare", runs / "run2", runs / "run3", "--gates", gates) == 1
    shown = capsys.readouterr()
    (line,) = (each for each in shown.out.splitlines() if "inference median" in each)
    assert "+500,000 (+8.33 %)" in line
    assert "REGRESSION, invoke_median_percent at most 1" in line
    (line,) = (each for each in shown.out.splitlines() if each.startswith("arena"))
    assert "ok, arena_bytes at most 0" in line
    assert "inference median does not meet invoke_median_percent = 1" in shown.err
    assert run("compare", runs / "run3", runs / "run2", "--gates", gates) == 0


def test_what_is_not_comparable_ends_with_2_unless_forced(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("compare", runs / "run1", runs / "run4") == 2
    said = capsys.readouterr().err
    assert "tick unit: instructions and nanoseconds" in said
    assert "board: virt" in said
    assert run("compare", runs / "run1", runs / "run4", "--force") == 0
    shown = capsys.readouterr().out
    assert "NOT COMPARABLE: tick unit" in shown
    (line,) = (each for each in shown.splitlines() if "inference median" in each)
    assert "instructions and nanoseconds" in line
    assert line.rstrip().endswith("n/a")


DAMAGE = {
    "newer": ('{"schema_version": 2}', "schema version 2"),
    "cut": ('{"schema_version": 1, "par', "not JSON"),
    "empty": ("{}", "no schema_version"),
    "binary": (b"\xff\xfe\x00", "is not text"),
    "huge": (
        to_json(invented_record()).replace(
            '"windows_per_s": 14.2', f'"windows_per_s": 1{"0" * 400}'
        ),
        "damaged",
    ),
    "missing": (None, "there is no run record"),
    "folder": ("a folder", "there is no run record"),
}


def damage(folder: Path, kind: str) -> Path:
    text = DAMAGE[kind][0]
    folder.mkdir(parents=True)
    file = folder / "record.json"
    if kind == "folder":
        file.mkdir()
    elif isinstance(text, bytes):
        file.write_bytes(text)
    elif text is not None:
        file.write_text(text)
    return folder


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_run_is_one_clear_error(
    kind: str, runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("compare", runs / "run1", damage(tmp_path / "bad", kind)) == 2
    said = capsys.readouterr().err
    assert DAMAGE[kind][1] in said
    assert "bad" in said


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[max_drop", "is not TOML"),
        ("[max_drop]\nf1 = 1", "did you mean f1_points?"),
        (None, "cannot read"),
    ],
)
def test_a_wrong_gates_file_is_one_clear_error(
    text: str | None, complaint: str, runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gates = tmp_path / "gates.toml"
    if text is not None:
        gates.write_text(text)
    assert run("compare", runs / "run1", runs / "run1", "--gates", gates) == 2
    said = capsys.readouterr().err
    assert complaint in said
    assert "gates.toml" in said


def test_runs_are_listed_oldest_first(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("runs", "--runs-dir", runs) == 0
    shown = capsys.readouterr().out
    days = [line.split("T")[0] for line in shown.splitlines() if line.startswith("2026-")]
    assert days == ["2026-01-01", "2026-01-02", "2026-01-02", "2026-01-03", "2026-01-04"]
    assert shown.count("partial") == 1


def listed(runs: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert run("runs", "--runs-dir", runs, "--json", *arguments) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_a_history_holds_only_whole_runs_that_are_comparable(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = listed(runs, capsys, "--metric", "invoke_median")
    virt, host = found["histories"]  # type: ignore[misc]
    assert [point["value"] for point in virt["points"]] == [7_000_000, 6_000_000, 6_500_000]
    assert (virt["last"]["value"], virt["best"]["value"]) == (6_500_000, 6_000_000)
    assert virt["best"]["folder"].endswith("run2")
    assert virt["trend"] == "worse"
    assert (host["last"]["value"], host["trend"]) == (5, "first value")


def test_a_class_can_be_asked_for(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = listed(runs, capsys, "--metric", "f1:PVC", "--board", "virt")
    (history,) = found["histories"]  # type: ignore[misc]
    assert (history["class"], history["trend"]) == ("PVC", "unchanged")
    assert len(found["runs"]) == 4  # type: ignore[arg-type]


def test_a_history_is_drawn_for_people(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("runs", "--runs-dir", runs, "--metric", "invoke_median", "--board", "virt") == 0
    shown = capsys.readouterr().out
    assert "█▁▅" in shown
    assert "worse" in shown


def test_filters_leave_out_what_does_not_match(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert listed(runs, capsys, "--model", "beat-2-eff-sm")["runs"] == []


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_run_is_named_and_left_out(
    kind: str, runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(runs / "bad", kind)
    assert run("runs", "--runs-dir", runs, "--json") == 0
    shown = capsys.readouterr()
    found = json.loads(shown.out)
    assert len(found["runs"]) == 5
    assert found["damaged"][0]["folder"].endswith("bad")
    assert "warning: bad is left out" in shown.err


@pytest.mark.parametrize(
    ("metric", "complaint"),
    [("invoke_medium", "did you mean invoke_median?"), ("f1:PCV", "its classes are: N, PAC, PVC")],
)
def test_an_unknown_metric_is_refused(
    metric: str, complaint: str, runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("runs", "--runs-dir", runs, "--metric", metric) == 2
    assert complaint in capsys.readouterr().err


def test_a_metric_that_no_run_knows_is_said(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("runs", "--runs-dir", runs, "--metric", "estimated_cycles") == 0
    assert "estimated_cycles is not known in any whole run" in capsys.readouterr().err


def test_a_folder_without_runs_says_so_and_a_missing_one_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("runs", "--runs-dir", tmp_path) == 0
    assert "there are no such runs" in capsys.readouterr().err
    assert run("runs", "--runs-dir", tmp_path / "none") == 2
    assert "cannot read the runs" in capsys.readouterr().err
