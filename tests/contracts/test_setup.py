"""The set-up script on machines that lack things: it says what is missing and what to do."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLAIN = ("bash", "dirname", "id", "mktemp", "rm", "sed", "tail", "touch")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that is only the script, and a PATH with nothing but plain tools."""
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "setup.sh", tmp_path / "tools")
    (tmp_path / "bin").mkdir()
    for tool in PLAIN:
        found = shutil.which(tool)
        assert found is not None
        (tmp_path / "bin" / tool).symlink_to(found)
    return tmp_path


def pretend(checkout: Path, name: str, script: str) -> None:
    """Puts a program of that name on the PATH."""
    program = checkout / "bin" / name
    program.write_text(f"#!{shutil.which('bash')}\n{script}\n")
    program.chmod(0o755)


def run_setup(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(checkout / "bin"), "HOME": str(checkout)}
    return subprocess.run(
        [str(checkout / "tools" / "setup.sh"), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_apt_it_names_what_to_install_by_hand(checkout: Path) -> None:
    done = run_setup(checkout, "toolchain")
    assert done.returncode != 0
    assert "install by hand" in done.stderr
    for package in ("gcc-arm-none-eabi", "libnewlib-arm-none-eabi", "qemu-system-arm"):
        assert package in done.stderr


def test_with_apt_it_installs_only_what_is_missing(checkout: Path) -> None:
    pretend(checkout, "apt-get", f'echo "$@" >> {checkout}/apt.log')
    pretend(checkout, "env", 'shift; "$@"')
    pretend(checkout, "sudo", '"$@"')
    pretend(checkout, "qemu-system-arm", "exit 0")
    done = run_setup(checkout, "toolchain")
    assert done.returncode == 0, done.stderr
    assert "installing the Cortex-M4 toolchain" in done.stderr
    update, install = (checkout / "apt.log").read_text().splitlines()
    assert update == "update"
    assert install.endswith("gcc-arm-none-eabi libnewlib-arm-none-eabi")


@pytest.mark.parametrize("engine", ["aot", "tflm"])
@pytest.mark.parametrize("there", [True, False])
def test_the_large_cpp_library_is_installed_only_for_the_engine_that_needs_it(
    engine: str, there: bool, checkout: Path
) -> None:
    pretend(checkout, "apt-get", f'echo "$@" >> {checkout}/apt.log')
    pretend(checkout, "env", 'shift; "$@"')
    pretend(checkout, "sudo", '"$@"')
    pretend(checkout, "qemu-system-arm", "exit 0")
    (checkout / "here.a").touch()
    pretend(checkout, "arm-none-eabi-gcc", f"echo {checkout}/here.a")
    # As gcc answers: the bare name where there is no such file.
    pretend(checkout, "arm-none-eabi-g++", f"echo {checkout}/here.a" if there else "echo lib.a")
    done = run_setup(checkout, "toolchain", engine)
    assert done.returncode == 0, done.stderr
    installed = (checkout / "apt.log").exists()
    assert installed is (engine == "tflm" and not there)
    if installed:
        assert "libstdc++-arm-none-eabi-newlib" in (checkout / "apt.log").read_text()
        assert "310 MB" in done.stderr


def test_an_unknown_engine_is_refused(checkout: Path) -> None:
    done = run_setup(checkout, "toolchain", "onnx")
    assert done.returncode != 0
    assert "one of: aot, tflm" in done.stderr


def test_a_failing_apt_is_quoted(checkout: Path) -> None:
    pretend(checkout, "apt-get", 'echo "E: Unable to locate package"; exit 100')
    pretend(checkout, "sudo", '"$@"')
    done = run_setup(checkout, "host")
    assert done.returncode != 0
    assert "E: Unable to locate package" in done.stderr
    assert "apt could not install a C compiler" in done.stderr


def test_without_root_and_sudo_it_says_what_root_must_do(checkout: Path) -> None:
    (checkout / "bin" / "id").unlink()
    pretend(checkout, "id", "echo 1000")
    pretend(checkout, "apt-get", "exit 0")
    done = run_setup(checkout, "host")
    assert done.returncode != 0
    assert "there is no sudo" in done.stderr


def test_an_old_python_is_refused_with_a_hint(checkout: Path) -> None:
    pretend(checkout, "python3", "exit 1")
    done = run_setup(checkout, "python")
    assert done.returncode != 0
    assert "no Python 3.11 or newer" in done.stderr
    assert "PYTHON=" in done.stderr


def test_training_takes_a_python_that_its_libraries_know(checkout: Path) -> None:
    # As Python 3.13 would answer: right for everything but training.
    pretend(checkout, "python3", '[[ "$2" != *"(3, 13)"* ]]')
    done = run_setup(checkout, "python", "train")
    assert done.returncode != 0
    assert "no Python from 3.11 to 3.12" in done.stderr


def test_what_is_there_is_not_installed_again(checkout: Path) -> None:
    pretend(checkout, "gcc", "exit 0")
    done = run_setup(checkout, "host")
    assert (done.returncode, done.stderr) == (0, "")


def test_an_unknown_word_explains_the_usage(checkout: Path) -> None:
    done = run_setup(checkout, "everything")
    assert done.returncode == 2
    assert "Usage" in done.stderr
