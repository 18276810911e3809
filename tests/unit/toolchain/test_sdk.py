"""The vendor's SDK: what is expected of a checkout, and words for what is wrong with it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from ectopy.cli import group
from ectopy.errors import EctopyError, InputError, ToolError
from ectopy.toolchain import find_sdk, survey
from ectopy.toolchain import sdk as sdk_module
from ectopy.toolchain.sdk import SUITE_VERSION
from ectopy.toolchain.sources import FIRMWARE_DIR
from ectopy.usecases.build import BuildRequest, build_firmware
from ectopy.vocab import BoardName, EngineName
from ectopy.zoo import open_bundle
from support.contract_checkout import make_checkout

MAKEFILE = FIRMWARE_DIR / "Makefile"
LFS_POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_checkout(tmp_path / "neuralSPOT")


@pytest.fixture
def suite(root: Path) -> Path:
    return root / "extern" / "AmbiqSuite" / SUITE_VERSION


def rename_suite(root: Path) -> None:
    suites = root / "extern" / "AmbiqSuite"
    (suites / SUITE_VERSION).rename(suites / "R5.3.0")


def test_a_whole_checkout_is_found(root: Path, suite: Path) -> None:
    sdk = find_sdk(root)
    assert (sdk.root, sdk.suite) == (root, suite)
    assert sdk.stamp == "release_sdk_4_5_0-contract"
    assert all(part.good for part in survey(root))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda root: None, "NEURALSPOT is not set"),
        (lambda root: root / "nowhere", "is not a folder"),
        (lambda root: root / "extern" / "AmbiqSuite", "is no checkout of neuralSPOT"),
    ],
    ids=["not set", "no folder", "no checkout"],
)
def test_a_folder_that_is_no_checkout_is_an_input_error(
    root: Path, spoil: Callable[[Path], Path | None], words: str
) -> None:
    with pytest.raises(InputError, match=words) as caught:
        find_sdk(spoil(root))
    assert "git clone" in caught.value.hint and caught.value.exit_code == 2


def test_another_ambiqsuite_is_named(root: Path) -> None:
    rename_suite(root)
    with pytest.raises(InputError, match=r"no AmbiqSuite R4\.5\.0, but R5\.3\.0"):
        find_sdk(root)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("lib/apollo4p/libam_hal.a", None, "library: clocks.* is missing"),
        ("lib/apollo4p/evb/libam_bsp.a", None, "library: pins.* is missing"),
        ("lib/apollo4p/libam_hal.a", LFS_POINTER, "Git LFS pointer"),
        ("lib/apollo4p/libam_hal.a", "text", "not a library"),
        (
            "CMSIS/AmbiqMicro/Include/apollo4p.h",
            None,
            r"apollo4p\.h \(header: registers\).*missing",
        ),
        ("mcu/apollo4p/am_mcu_apollo.h", "", "empty"),
        ("VERSION.txt", "release_sdk_4_4_1-x", "another version: 'release_sdk_4_4_1-x'"),
    ],
)
def test_a_file_that_is_not_as_it_should_be_is_named(
    root: Path, suite: Path, name: str, content: str | None, words: str
) -> None:
    if content is None:
        (suite / name).unlink()
    else:
        (suite / name).write_text(content)
    with pytest.raises(ToolError, match=words):
        find_sdk(root)
    assert [part.name for part in survey(root) if not part.good] == [name]


@pytest.mark.parametrize(
    "name", ["lib/apollo4p/libam_hal.a", "mcu/apollo4p/vendor_types.h", "mcu/am_sdk_version.h"]
)
def test_other_libraries_and_headers_have_another_fingerprint(
    root: Path, suite: Path, name: str
) -> None:
    before = find_sdk(root).fingerprint
    assert find_sdk(root).fingerprint == before
    with (suite / name).open("ab") as stream:
        stream.write(b"x")
    assert find_sdk(root).fingerprint != before


def test_the_headers_of_the_fingerprint_are_those_of_the_build() -> None:
    flags = re.search(r"^VENDOR_FLAGS = .*?\)/,(.*?)\)", MAKEFILE.read_text(), re.M | re.S)
    assert flags is not None
    for folder in flags[1].replace("\\", "").split():
        assert folder.startswith(sdk_module._HEADER_FOLDERS), folder


def test_a_build_without_sdk_fails_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NEURALSPOT", raising=False)
    request = BuildRequest(
        board=BoardName.APOLLO4P,
        engine=EngineName.AOT,
        bundle=open_bundle("beat-2-eff-sm"),
        out_dir=tmp_path / "out",
    )
    with pytest.raises(InputError, match="needs the vendor's SDK"):
        build_firmware(request)
    assert not (tmp_path / "out").exists()


def test_a_checkout_in_a_folder_that_make_cannot_name_is_refused(tmp_path: Path) -> None:
    from ectopy.toolchain import BoardOptions

    request = BuildRequest(
        board=BoardName.APOLLO4P,
        engine=EngineName.AOT,
        bundle=open_bundle("beat-2-eff-sm"),
        out_dir=tmp_path / "out",
        options=BoardOptions(neuralspot=make_checkout(tmp_path / "with blank")),
    )
    with pytest.raises(ToolError, match="make cannot handle the path"):
        build_firmware(request)


def test_the_sdk_command_shows_what_is_there(root: Path) -> None:
    result = CliRunner().invoke(group, ["sdk", "--neuralspot", str(root)])
    assert result.exit_code == 0, result.output
    assert "libam_hal.a" in result.output and "can build board apollo4p" in result.output


def test_the_sdk_command_takes_the_environment_and_lists_every_fault(
    root: Path, suite: Path
) -> None:
    (suite / "devices/am_devices_led.h").unlink()
    (suite / "lib/apollo4p/libam_hal.a").write_text(LFS_POINTER)
    result = CliRunner(env={"NEURALSPOT": str(root)}).invoke(group, ["sdk"])
    assert isinstance(result.exception, ToolError)
    assert "2 of 10 files" in result.exception.message
    assert "missing" in result.output and "Git LFS pointer" in result.output


def test_the_sdk_command_shows_what_a_file_says_of_itself_as_it_is(root: Path, suite: Path) -> None:
    (suite / "VERSION.txt").write_text("release_sdk_5_3_0 [/x]\n")
    result = CliRunner().invoke(group, ["sdk", "--neuralspot", str(root)])
    assert isinstance(result.exception, ToolError)
    assert "'release_sdk_5_3_0 [/x]'" in result.stdout


def test_the_sdk_command_explains_itself_where_nothing_is_named() -> None:
    result = CliRunner(env={"NEURALSPOT": ""}).invoke(group, ["sdk"])
    assert isinstance(result.exception, EctopyError)
    assert "git clone --depth 1" in result.output
