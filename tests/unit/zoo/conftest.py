"""A cache of one's own, and a zoo to fetch from."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.zoo_bundles import zoo_files
from support.zoo_server import Zoo, serving

NAME = "beat-2-eff-sm"


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where bundles are kept; empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "ectopy" / "models"


@pytest.fixture
def zoo() -> Iterator[Zoo]:
    """A good server with one bundle in the first layout."""
    with serving() as running:
        for file, content in zoo_files(NAME).items():
            running.files[f"/heartkit/beat/{NAME}/latest/{file}"] = content
        yield running
