import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ectopy.cli import main
from ectopy.cli import zoo as module
from support.zoo_bundles import serving_bundle, write_zoo_folder
from support.zoo_server import Behaviour, Zoo

NAME, LOCAL = "beat-2-eff-sm", "heartkit-beat-2-eff-sm"


@pytest.fixture
def zoo() -> Iterator[Zoo]:
    with serving_bundle(NAME) as running:
        yield running


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "ectopy" / "models"


def fails(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_fetch_says_where_it_is_what_it_is_and_what_next(
    zoo: Zoo, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["zoo", "fetch", NAME, "--base-url", zoo.url])
    shown = capsys.readouterr()
    assert shown.out == ""
    assert f"{LOCAL}: fetched, {cache / LOCAL}" in shown.err
    assert f"int8 inside, float input and output: ectopy quantize --model {LOCAL}" in shown.err
    assert f"next: ectopy zoo verify {LOCAL}" in shown.err
    assert "model.keras" in shown.err
    main(["zoo", "fetch", NAME, "--base-url", zoo.url])
    assert f"{LOCAL}: already here" in capsys.readouterr().err


def test_fetch_into_a_folder_is_verified_by_that_folder(
    zoo: Zoo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine"
    main(["zoo", "fetch", NAME, "--base-url", zoo.url, "--dest", str(mine)])
    assert f"next: ectopy zoo verify {mine}" in capsys.readouterr().err
    main(["zoo", "verify", str(mine)])
    assert "unchanged, fetched" in capsys.readouterr().out


def test_fetch_that_breaks_off_is_one_error_and_exit_code_1(
    zoo: Zoo, capsys: pytest.CaptureFixture[str]
) -> None:
    zoo.behaviours[f"/heartkit/beat/{NAME}/latest/model.keras"] = Behaviour(cut_after=999)
    assert fails(["zoo", "fetch", NAME, "--base-url", zoo.url]) == 1
    shown = " ".join(capsys.readouterr().err.split())
    assert "error: model.keras broke off after 999 of" in shown
    assert "hint: run the same command again" in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize(
    "arguments",
    [["fetch", "../x"], ["fetch", NAME, "--base-url", "file:///etc"], ["verify", "nowhere"],
     ["import", "nowhere"], ["fetch"], ["nonsense"]],
)  # fmt: skip
def test_bad_input_is_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert fails(["zoo", *arguments]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_import_and_verify_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["zoo", "import", str(write_zoo_folder(tmp_path / "export")), "--name", "wrist"])
    assert "wrist: imported" in capsys.readouterr().err
    main(["zoo", "verify", "wrist", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["passed"] is True
    assert found["name"] == "wrist"
    assert {"subject", "verdict", "finding", "advice"} == set(found["checks"][0])


def test_import_without_metrics_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write_zoo_folder(tmp_path / "export")
    (source / "metrics.json").unlink()
    main(["zoo", "import", str(source)])
    assert "note: there was no metrics.json" in capsys.readouterr().err


def test_a_failed_check_is_exit_code_1_and_the_table_is_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_zoo_folder(tmp_path / "export")
    (source / "model.keras").write_bytes(b"<html>")
    assert fails(["zoo", "verify", str(source)]) == 1
    shown = capsys.readouterr().out
    assert "failed" in shown
    assert "metrics.json" in shown
    assert fails(["zoo", "verify", str(source), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["passed"] is False


def test_list_as_table_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    main(["zoo", "list"])
    table = capsys.readouterr().out
    assert "beat-3-eff-sm" in table
    assert "int8, usable" in table
    main(["zoo", "list", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert {row["name"] for row in found} >= {NAME, LOCAL}
    assert found[0]["sha256"]["model.keras"]


def test_text_of_a_zoo_is_not_taken_for_markup(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_zoo_folder(tmp_path / "export")
    document = json.loads((source / "configuration.json").read_text())
    document |= {"class_names": ["[red]QRS", "[/]\x1b[2J"], "\x1b[2J[bold]key": 1}
    (source / "configuration.json").write_text(json.dumps(document))
    main(["zoo", "verify", str(source)])
    shown = capsys.readouterr().out
    assert "[red]QRS" in shown
    assert "\x1b[2J" not in shown


def test_an_error_about_a_file_of_a_zoo_gives_the_terminal_no_orders(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_zoo_folder(tmp_path / "export")
    with zipfile.ZipFile(source / "model.keras", "a") as archive:
        archive.writestr("\x1b[2J.txt", b"sound")
    content = (source / "model.keras").read_bytes()
    (source / "model.keras").write_bytes(content.replace(b"sound", b"spoil"))
    assert fails(["zoo", "import", str(source)]) == 2
    shown = capsys.readouterr().err
    assert "its member ?[2J.txt is damaged" in shown
    assert "\x1b[2J" not in shown


def test_news_about_a_file_of_a_zoo_gives_the_terminal_no_orders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_zoo_folder(tmp_path / "export")
    monkeypatch.setattr(module, "int8_state", lambda _: (False, "operator \x1b[2J is unknown"))
    main(["zoo", "import", str(source)])
    assert "model.tflite: operator ?[2J is unknown" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["import"], ["verify"], ["fetch", NAME, "--dest"]])
def test_a_path_too_long_for_the_system_is_exit_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert fails(["zoo", *arguments, "x" * 5000]) == 2
    assert "error: " in capsys.readouterr().err
