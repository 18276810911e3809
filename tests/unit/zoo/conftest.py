"""A cache of one's own, and a zoo to fetch from."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.zoo_bundles import serving_bundle
from support.zoo_server import Zoo


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where bundles are kept; empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "ectopy" / "models"


@pytest.fixture
def zoo() -> Iterator[Zoo]:
    with serving_bundle() as running:
        yield running
