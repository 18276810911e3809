"""A bundle from a zoo is the same kind of thing as one made here: fetched, it runs on a board."""

from pathlib import Path

import pytest

from ectopy.usecases.bench import bench
from ectopy.usecases.bench_types import BenchRequest
from ectopy.vocab import BoardName, DatasetName
from ectopy.zoo.obtain import FetchRequest, fetch_bundle
from support.zoo_bundles import MODELS, zoo_files
from support.zoo_server import serving

pytestmark = pytest.mark.e2e

NAME, LOCAL = "beat-2-eff-sm", "heartkit-beat-2-eff-sm"


def test_a_fetched_bundle_runs_on_the_host_board_under_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    int8 = (MODELS / NAME / "model.tflite").read_bytes()
    with serving() as zoo:
        for file, content in (zoo_files(NAME) | {"model.tflite": int8}).items():
            zoo.files[f"/heartkit/beat/{NAME}/latest/{NAME}/{file}"] = content
        fetch_bundle(FetchRequest(name=NAME, base_url=zoo.url))
    request = BenchRequest(
        model=LOCAL,
        board=BoardName.HOST,
        dataset=DatasetName.SYNTHETIC,
        limit=12,
        runs_dir=tmp_path / "runs",
    )
    record = bench(request).record
    assert record.model.name == LOCAL
    assert record.model.classes == ("QRS", "PAC/PVC")
    assert record.agreement.windows_compared == 12
    assert record.agreement.output_mismatches == 0
