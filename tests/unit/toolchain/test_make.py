"""What make prints when it fails, as an error for people: with a fake make that prints it."""

import os
from pathlib import Path

import pytest

from ectopy.errors import EctopyError, ToolError
from ectopy.toolchain import MakeRequest, make_firmware
from ectopy.vocab import BoardName, EngineName

INSTALLS = "make toolchain ENGINE=tflm"


def failure(printed: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> EctopyError:
    program = folder / "bin" / "make"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{printed}\nEND\nexit 2\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    request = MakeRequest(
        board=BoardName.VIRT,
        engine=EngineName.TFLM,
        generated=folder / "generated",
        out=folder,
        build_id="b",
    )
    with pytest.raises(EctopyError) as caught:
        make_firmware(request)
    return caught.value


@pytest.mark.parametrize(
    ("printed", "hint"),
    [
        ("e.cc:1:10: fatal error: new: No such file or directory", INSTALLS),
        ("/usr/bin/ld: cannot find -lstdc++_nano: No such file", INSTALLS),
        ("ld: sbrk.c: undefined reference to `end'", "needs a heap"),
        ("a.c:1:10: fatal error: string.h: No such file or directory", "newlib-arm-none-eabi"),
        ("a.c:7:3: error: expected ';'", "V=1"),
    ],
)
def test_a_failing_build_quotes_the_telling_line_and_advises(
    printed: str, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = failure(f"compile a.c\n{printed}\nmake: *** [a.o] 1", tmp_path, monkeypatch)
    assert isinstance(error, ToolError)
    assert printed in error.message
    assert "make: ***" not in error.message
    assert hint in error.hint


def test_an_image_too_large_is_said_in_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = "ld: region `TCM' overflowed by 5120 bytes"
    error = failure(printed, tmp_path, monkeypatch)
    assert "5,120 bytes too large for the RAM (TCM)" in error.message
