import stat
import sys
from pathlib import Path

import pytest

from ectopy.autodeploy import (
    Places,
    Settings,
    Transport,
    child_environment,
    command_line,
    find_checkout,
    find_tool,
    locate,
    plain_name,
    require_programs,
    zoo_settings,
)
from ectopy.errors import InputError, ToolError

PLACES = Places(
    neuralspot=Path("/ns"),
    destination=Path("/ns/projects/autodeploy/x"),
    tflite=Path("/m/model.tflite"),
    dataset=Path("/r/dataset.pkl"),
    resultlog=Path("/r/resultlog.csv"),
    run_id="x",
)


def options_of(settings: Settings) -> dict[str, str]:
    words = command_line(("tool", "first"), "beat-3-eff-sm", PLACES, settings)
    assert words[:2] == ("tool", "first")
    assert words[-1] == "--no-random-data"
    pairs = words[2:-1]
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


def test_safe_settings_name_everything_that_depends_on_place_or_board() -> None:
    assert options_of(Settings()) == {
        "--tflite-filename": "/m/model.tflite",
        "--model-name": "beat_3_eff_sm",
        "--platform": "apollo4p_evb",
        "--toolchain": "gcc",
        "--neuralspot-rootdir": "/ns",
        "--destination-rootdir": "/ns/projects/autodeploy/x",
        "--dataset": "/r/dataset.pkl",
        "--runs": "20",
        "--max-arena-size": "0",
        "--arena-size-scratch-buffer-padding": "4",
        "--cpu-mode": "HP",
        "--transport": "UART",
        "--tty": "auto",
        "--resultlog-file": "/r/resultlog.csv",
        "--run-log-id": "x",
        "--verbosity": "2",
    }


def test_zoo_settings_are_those_of_its_page() -> None:
    asked = Settings(transport=Transport.USB, tty="/dev/x", runs=3, show_make=True)
    options = options_of(zoo_settings(asked))
    assert options["--max-arena-size"] == "80"
    assert options["--arena-size-scratch-buffer-padding"] == "0"
    assert options["--cpu-mode"] == "HP"
    assert (options["--transport"], options["--tty"], options["--runs"]) == ("USB", "/dev/x", "3")
    assert options["--verbosity"] == "4"


@pytest.mark.parametrize("name", ["beat-3-eff-sm", "a b", "x.c/../y", "é$(reboot)"])
def test_a_model_name_becomes_one_that_make_and_c_can_take(name: str) -> None:
    assert plain_name(name).isascii()
    assert plain_name(name).isidentifier()


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def checkout(root: Path) -> Path:
    mark = root / "neuralspot" / "ns-core" / "module.mk"
    mark.parent.mkdir(parents=True)
    mark.touch()
    return root


def test_the_named_tool_comes_before_that_in_path(tmp_path: Path) -> None:
    in_path = program(tmp_path / "bin" / "ns_autodeploy")
    environ = {"PATH": str(tmp_path / "bin")}
    assert find_tool(environ) == (str(in_path),)
    other = program(tmp_path / "other")
    named = environ | {"NS_AUTODEPLOY": f"{other} -m neuralspot.tools.ns_autodeploy"}
    assert find_tool(named) == (str(other), "-m", "neuralspot.tools.ns_autodeploy")


def test_an_importable_tool_is_run_as_a_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locate, "find_spec", lambda name: name == "neuralspot" or None)
    found = find_tool({"PATH": "/nowhere"})
    assert found == (sys.executable, "-m", "neuralspot.tools.ns_autodeploy")


def test_without_the_tool_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locate, "find_spec", lambda name: None)
    with pytest.raises(ToolError, match="ns_autodeploy is not installed") as caught:
        find_tool({"PATH": "/nowhere"})
    assert "pip install ." in caught.value.hint
    assert "NS_AUTODEPLOY=" in caught.value.hint


@pytest.mark.parametrize("named", ["/no/such/tool", "  ", "missing-tool --x"])
def test_a_named_tool_that_is_not_there_is_one_clear_error(named: str) -> None:
    with pytest.raises(ToolError, match="there is no such program"):
        find_tool({"NS_AUTODEPLOY": named, "PATH": "/nowhere"})


def test_a_named_tool_that_is_no_command_is_one_clear_error() -> None:
    with pytest.raises(InputError, match="is not a command"):
        find_tool({"NS_AUTODEPLOY": "'unfinished", "PATH": "/nowhere"})


def test_a_checkout_is_known_by_its_file_and_says_its_version(tmp_path: Path) -> None:
    root = checkout(tmp_path / "ns")
    assert find_checkout({"NEURALSPOT": str(root)}).version is None
    (root / "pyproject.toml").write_text('[project]\nversion = "1.3.0"\n')
    found = find_checkout({"NEURALSPOT": str(root)})
    assert (found.root, found.version) == (root, "1.3.0")
    (root / "pyproject.toml").write_text("[[[")
    assert find_checkout({"NEURALSPOT": str(root)}).version is None


def test_no_checkout_named_is_one_clear_error() -> None:
    with pytest.raises(InputError, match="NEURALSPOT is not set"):
        find_checkout({})


def test_another_folder_than_a_checkout_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a neuralSPOT checkout") as caught:
        find_checkout({"NEURALSPOT": str(tmp_path)})
    assert str(tmp_path) in caught.value.message


@pytest.mark.parametrize("name", ["with blank", "a;b", "$HOME", "it's"])
def test_a_checkout_whose_path_a_shell_would_take_apart_is_refused(
    tmp_path: Path, name: str
) -> None:
    root = checkout(tmp_path / name)
    with pytest.raises(InputError, match="hands the path to a shell unquoted"):
        find_checkout({"NEURALSPOT": str(root)})


def test_each_program_it_starts_unseen_is_asked_for(tmp_path: Path) -> None:
    environ = {"PATH": str(tmp_path)}
    for name in ("make", "arm-none-eabi-gcc", "JLinkExe"):
        with pytest.raises(ToolError, match=f"needs {name}, which is not installed"):
            require_programs(environ)
        program(tmp_path / name)
    require_programs(environ)


def test_variables_for_make_do_not_reach_its_makes() -> None:
    ours = {"MAKEFLAGS": " -- BOARD=virt", "MFLAGS": "", "MAKELEVEL": "1", "MAKEFILES": "x"}
    theirs = {"PLATFORM": "apollo3p_evb", "TOOLCHAIN": "arm", "EXAMPLE": "y", "TARGET": "z"}
    kept = {"PATH": "/bin", "HOME": "/h", "REMAKE": "1"}
    assert child_environment(ours | theirs | kept) == kept | {
        "PYTHONUNBUFFERED": "1",
        "PYTHONSAFEPATH": "1",
        "PYTHONIOENCODING": "utf-8",
    }
