"""What the images of bare models share."""

import shutil
from pathlib import Path

import pytest

from firmware.virt_image import compile_objects
from support.cortex_m4 import require_toolchain


@pytest.fixture(scope="session")
def virt_objects(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """All of an image for the virtual board but its model."""
    require_toolchain()
    if shutil.which("qemu-system-arm") is None:
        pytest.skip("no qemu-system-arm")
    return compile_objects(tmp_path_factory.mktemp("objects"))
