import fcntl
import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ectopy.errors import EctopyError, InputError, ModelError, ToolError
from ectopy.zoo import Bundle, bundle_names, open_bundle
from ectopy.zoo import obtain as module
from ectopy.zoo.obtain import FetchRequest, ImportRequest, fetch_bundle, import_bundle
from ectopy.zoo.origin import ASSETS, LIMITS_BYTES, OriginKind, read_origin
from ectopy.zoo.transport import Waits
from support.zoo_bundles import heartkit_configuration, write_zoo_folder, zoo_files
from support.zoo_server import Behaviour, Zoo

NAME, LOCAL = "beat-2-eff-sm", "heartkit-beat-2-eff-sm"
FIRST, SECOND = f"/heartkit/beat/{NAME}/latest", f"/heartkit/beat/{NAME}/latest/{NAME}"
QUICK = Waits(read_s=0.3, answer_s=1.0, file_s=5.0)

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def request_(zoo: Zoo) -> FetchRequest:
    return FetchRequest(name=NAME, base_url=zoo.url, waits=QUICK)


def contents(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}


def test_a_fetched_bundle_is_a_bundle_like_others(
    request_: FetchRequest, cache: Path, zoo: Zoo
) -> None:
    obtained = fetch_bundle(request_)
    assert (obtained.kept, obtained.absent) == (False, ())
    assert contents(cache / LOCAL) == {*ASSETS, "zoo.json"}
    bundle = open_bundle(LOCAL)
    assert bundle == obtained.bundle
    assert (bundle.name, bundle.path) == (LOCAL, cache / LOCAL)
    assert bundle.configuration.name == NAME, "the configuration stays as published"
    assert LOCAL in bundle_names()
    assert bundle.target == LOCAL
    assert open_bundle(NAME).path != bundle.path, "the model trained here keeps its name"
    assert zoo.paths() == [f"{FIRST}/{asset}" for asset in ASSETS]


def test_the_origin_of_every_file_is_written_down(request_: FetchRequest, cache: Path) -> None:
    fetch_bundle(request_)
    origin = read_origin(cache / LOCAL)
    assert origin is not None
    assert (origin.name, origin.kind) == (LOCAL, OriginKind.FETCHED)
    assert set(origin.files) == set(ASSETS)
    for name, content in zoo_files(NAME).items():
        entry = origin.files[name]
        assert entry.source == f"{request_.base_url}{NAME}/latest/{name}"
        assert entry.size_bytes == len(content)
        assert entry.sha256 == hashlib.sha256(content).hexdigest()
        assert entry.obtained_utc.endswith("Z")


@pytest.mark.parametrize("code", [403, 404])
def test_the_second_layout_is_tried_where_the_first_has_nothing(
    request_: FetchRequest, zoo: Zoo, code: int, cache: Path
) -> None:
    zoo.files[f"{SECOND}/metrics.json"] = zoo.files.pop(f"{FIRST}/metrics.json")
    zoo.behaviours[f"{FIRST}/metrics.json"] = Behaviour(status=code)
    fetch_bundle(request_)
    origin = read_origin(cache / LOCAL)
    assert origin is not None
    assert origin.files["metrics.json"].source.endswith(f"{NAME}/latest/{NAME}/metrics.json")


@pytest.mark.parametrize("asset", ["model.tflite", "metrics.json"])
def test_a_bundle_without_the_optional_files_is_still_fetched(
    request_: FetchRequest, zoo: Zoo, asset: str, cache: Path
) -> None:
    del zoo.files[f"{FIRST}/{asset}"]
    assert fetch_bundle(request_).absent == (asset,)
    assert not (cache / LOCAL / asset).exists()


@pytest.mark.parametrize("asset", ["configuration.json", "model.keras"])
def test_without_a_required_file_nothing_is_left(
    request_: FetchRequest, zoo: Zoo, asset: str, cache: Path
) -> None:
    del zoo.files[f"{FIRST}/{asset}"]
    with pytest.raises(ToolError, match=f"the zoo has no {asset} of {NAME}") as caught:
        fetch_bundle(request_)
    assert f"{SECOND}/{asset}" in zoo.paths()
    assert "beat-3-eff-sm" in caught.value.hint
    assert LOCAL not in bundle_names()
    assert not (cache / LOCAL / asset).exists()


def test_a_broken_off_fetch_is_no_bundle_and_is_continued(
    request_: FetchRequest, zoo: Zoo, cache: Path
) -> None:
    keras = f"{FIRST}/model.keras"
    zoo.behaviours[keras] = Behaviour(cut_after=100_000)
    with pytest.raises(ToolError, match="100,000 bytes are kept"):
        fetch_bundle(request_)
    assert LOCAL not in bundle_names()
    assert not (cache / LOCAL / "configuration.json").exists()
    zoo.behaviours[keras] = Behaviour()
    fetch_bundle(request_)
    assert (keras, "bytes=100000-") in zoo.asked
    assert contents(cache / LOCAL) == {*ASSETS, "zoo.json"}
    assert open_bundle(LOCAL).keras_path.read_bytes() == zoo_files()["model.keras"]


def test_files_that_are_complete_are_not_sent_again_after_a_break(
    request_: FetchRequest, zoo: Zoo
) -> None:
    zoo.behaviours[f"{FIRST}/model.tflite"] = Behaviour(status=500)
    with pytest.raises(ToolError, match="answers 500"):
        fetch_bundle(request_)
    zoo.behaviours.clear()
    fetch_bundle(request_)
    size = len(zoo_files()["model.keras"])
    assert [r for path, r in zoo.asked if path.endswith("model.keras")] == [None, f"bytes={size}-"]


def test_a_break_in_the_second_layout_is_continued(request_: FetchRequest, zoo: Zoo) -> None:
    zoo.files[f"{SECOND}/model.keras"] = zoo.files.pop(f"{FIRST}/model.keras")
    zoo.behaviours[f"{SECOND}/model.keras"] = Behaviour(cut_after=5000)
    with pytest.raises(ToolError):
        fetch_bundle(request_)
    zoo.behaviours.clear()
    fetch_bundle(request_)
    assert (f"{SECOND}/model.keras", "bytes=5000-") in zoo.asked


def test_a_second_fetch_asks_nobody_and_checks_what_is_here(
    request_: FetchRequest, zoo: Zoo, cache: Path
) -> None:
    fetch_bundle(request_)
    zoo.asked.clear()
    assert fetch_bundle(request_).kept
    assert zoo.asked == []
    assert contents(cache / LOCAL) == {*ASSETS, "zoo.json"}


def test_a_file_that_changed_since_is_named_and_fetched_again_with_force(
    request_: FetchRequest, cache: Path
) -> None:
    fetch_bundle(request_)
    keras = cache / LOCAL / "model.keras"
    keras.write_bytes(b"worms")
    with pytest.raises(ModelError, match=r"model\.keras changed since the fetch") as caught:
        fetch_bundle(request_)
    assert "--force" in caught.value.hint
    fetch_bundle(replace(request_, force=True))
    assert keras.read_bytes() == zoo_files()["model.keras"]


def test_a_model_quantized_here_stays_unless_forced(request_: FetchRequest, cache: Path) -> None:
    fetch_bundle(request_)
    (cache / LOCAL / "model.tflite").write_bytes(b"made here")
    assert fetch_bundle(request_).kept
    assert (cache / LOCAL / "model.tflite").read_bytes() == b"made here"


def test_force_with_a_zoo_that_fails_leaves_the_bundle_whole(
    request_: FetchRequest, zoo: Zoo
) -> None:
    before = fetch_bundle(request_).bundle
    zoo.behaviours[f"{FIRST}/model.keras"] = Behaviour(status=500)
    with pytest.raises(ToolError):
        fetch_bundle(replace(request_, force=True))
    assert open_bundle(LOCAL) == before
    assert fetch_bundle(request_).kept


GARBAGE = {
    "configuration.json": [b"", b"{", b"[]", b"\xff\xfe", b"[" * 50_000],
    "model.keras": [b"", b"<html>", b"PK\x03\x04"],
    "model.tflite": [b"", b"<html>", b"\0\0\0\0TFL3", b"\x10\0\0\0TFL3" + b"\xff" * 40],
    "metrics.json": [b"", b"[1]", b"<html>"],
}


@pytest.mark.parametrize(
    ("asset", "content"), [(asset, junk) for asset, junks in GARBAGE.items() for junk in junks]
)
def test_garbage_is_one_error_and_is_not_kept(
    request_: FetchRequest, zoo: Zoo, cache: Path, asset: str, content: bytes
) -> None:
    good = zoo.files[f"{FIRST}/{asset}"]
    zoo.files[f"{FIRST}/{asset}"] = content
    with pytest.raises(ToolError, match=f"serves is no {asset}") as caught:
        fetch_bundle(request_)
    assert caught.value.exit_code == 1
    assert not list(cache.rglob(f"{asset}*.part"))
    zoo.files[f"{FIRST}/{asset}"] = good
    assert not fetch_bundle(request_).kept


def test_a_body_cut_short_by_a_wrong_length_is_found(request_: FetchRequest, zoo: Zoo) -> None:
    zoo.behaviours[f"{FIRST}/model.keras"] = Behaviour(declared_bytes=50_000)
    with pytest.raises(ToolError, match=r"serves is no model\.keras"):
        fetch_bundle(request_)


def test_each_file_has_its_own_limit(request_: FetchRequest, zoo: Zoo) -> None:
    zoo.files[f"{FIRST}/metrics.json"] = b" " * (LIMITS_BYTES["metrics.json"] + 1)
    with pytest.raises(ToolError, match=r"metrics\.json .* larger than 1,048,576 bytes"):
        fetch_bundle(request_)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "../../../../tmp/escaped"},
        {"name": "/etc/passwd"},
        {"num_classes": 10**400},
        {"frame_size": 10**18},
        {"class_map": {"0": 0, "1": 1, "2": 10**30}},
        {"preprocesses": [{"name": "layer_norm", "params": {"epsilon": 1e300}}]},
    ],
)
def test_a_hostile_configuration_is_refused(
    request_: FetchRequest, zoo: Zoo, tmp_path: Path, change: dict[str, object]
) -> None:
    document = heartkit_configuration() | change
    zoo.files[f"{FIRST}/configuration.json"] = json.dumps(document).encode()
    with pytest.raises(ToolError, match=r"serves is no configuration\.json"):
        fetch_bundle(request_)
    assert not list(tmp_path.rglob("*escaped*"))


def test_paths_in_a_configuration_lead_nowhere(
    request_: FetchRequest, zoo: Zoo, tmp_path: Path
) -> None:
    outside = {key: f"{tmp_path}/escaped" for key in ("model_file", "job_dir", "tflm_file")}
    zoo.files[f"{FIRST}/configuration.json"] = json.dumps(
        heartkit_configuration() | outside
    ).encode()
    bundle = fetch_bundle(request_).bundle
    assert bundle.keras_path.parent == bundle.path
    assert not (tmp_path / "escaped").exists()


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "a\0b", "x" * 65, ".hidden", "a b"])
def test_a_name_that_is_no_name_is_refused_without_asking(
    request_: FetchRequest, zoo: Zoo, cache: Path, name: str
) -> None:
    with pytest.raises(InputError, match="no name of a model"):
        fetch_bundle(replace(request_, name=name))
    assert zoo.asked == []
    assert not cache.exists()


def test_the_name_it_has_here_is_understood_too(request_: FetchRequest) -> None:
    assert fetch_bundle(replace(request_, name=LOCAL)).bundle.name == LOCAL


def test_a_folder_of_ones_own_becomes_the_bundle(request_: FetchRequest, tmp_path: Path) -> None:
    obtained = fetch_bundle(replace(request_, folder=tmp_path / "mine"))
    assert obtained.bundle.path == tmp_path / "mine"
    assert open_bundle(tmp_path / "mine").name == LOCAL
    assert obtained.bundle.target == str(tmp_path / "mine"), "its name is not known anywhere"


def test_a_folder_with_other_things_is_left_alone(request_: FetchRequest, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "letter.txt").write_text("dear")
    with pytest.raises(InputError, match="holds other things than a bundle"):
        fetch_bundle(replace(request_, folder=home, force=True))
    assert contents(home) == {"letter.txt"}


def test_a_bundle_that_was_made_here_is_not_overwritten(
    request_: FetchRequest, tmp_path: Path
) -> None:
    mine = write_zoo_folder(tmp_path / "mine")
    with pytest.raises(InputError, match="was not fetched"):
        fetch_bundle(replace(request_, folder=mine))


def test_a_link_in_the_bundle_is_replaced_and_not_followed(
    request_: FetchRequest, cache: Path, tmp_path: Path
) -> None:
    fetch_bundle(request_)
    precious = tmp_path / "precious"
    precious.write_text("keep")
    (cache / LOCAL / "model.keras").unlink()
    (cache / LOCAL / "model.keras").symlink_to(precious)
    fetch_bundle(replace(request_, force=True))
    assert precious.read_text() == "keep"
    assert not (cache / LOCAL / "model.keras").is_symlink()


def test_a_file_where_the_folder_should_be_is_one_error(
    request_: FetchRequest, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputError, match=r"is no folder|cannot be written"):
            fetch_bundle(replace(request_, folder=folder))


def test_two_fetches_into_one_folder_do_not_mix(request_: FetchRequest, cache: Path) -> None:
    (cache / LOCAL / ".incoming").mkdir(parents=True)
    with (cache / LOCAL / ".incoming" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ToolError, match="another fetch or import works in"):
            fetch_bundle(request_)
    fetch_bundle(request_)


def test_a_second_fetch_is_kept_out_until_the_first_has_tidied_up(
    request_: FetchRequest, cache: Path, zoo: Zoo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or the first would remove what the second has begun."""
    (cache / LOCAL / ".incoming").mkdir(parents=True)
    (cache / LOCAL / ".incoming" / "metrics.json.part").write_text("of an earlier attempt")
    del zoo.files[f"{FIRST}/metrics.json"]
    real, tried = module.open_bundle, []

    def opened(folder: Path) -> Bundle:
        monkeypatch.setattr(module, "open_bundle", real)
        with pytest.raises(ToolError, match="another fetch or import works in"):
            fetch_bundle(replace(request_, force=True))
        tried.append(folder)
        return real(folder)

    monkeypatch.setattr(module, "open_bundle", opened)
    fetch_bundle(request_)
    assert tried == [cache / LOCAL]
    assert contents(cache / LOCAL) == {*ASSETS, "zoo.json"} - {"metrics.json"}


@pytest.mark.parametrize("force", [False, True])
def test_a_placement_that_breaks_off_leaves_no_half_bundle(
    request_: FetchRequest, cache: Path, monkeypatch: pytest.MonkeyPatch, force: bool
) -> None:
    if force:
        fetch_bundle(request_)
    real = Path.replace

    def replace_(path: Path, target: Path) -> Path:
        if target == cache / LOCAL / "model.tflite":
            raise OSError(28, "No space left on device")
        return real(path, target)

    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", replace_)
        with pytest.raises(InputError, match="No space left on device"):
            fetch_bundle(replace(request_, force=force))
    assert LOCAL not in bundle_names()
    assert fetch_bundle(request_).bundle.name == LOCAL


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_zoo_folder(tmp_path / "export")


def test_an_imported_folder_is_a_bundle_with_its_origin(source: Path, cache: Path) -> None:
    bundle = import_bundle(ImportRequest(source=source)).bundle
    assert (bundle.name, bundle.path) == (LOCAL, cache / LOCAL)
    assert contents(bundle.path) == {*ASSETS, "zoo.json"}
    assert bundle.origin is not None
    assert bundle.origin.kind is OriginKind.IMPORTED
    assert bundle.origin.files["model.keras"].source == str(source / "model.keras")
    assert contents(source) == set(ASSETS), "the source is only read"


def test_an_import_takes_the_name_and_folder_it_is_given(source: Path, tmp_path: Path) -> None:
    request = ImportRequest(source=source, name="wrist", folder=tmp_path / "there")
    bundle = import_bundle(request).bundle
    assert (bundle.name, bundle.path) == ("wrist", tmp_path / "there")


def test_an_import_takes_only_the_files_of_a_bundle(source: Path, cache: Path) -> None:
    (source / "history.csv").write_text("much")
    import_bundle(ImportRequest(source=source))
    assert contents(cache / LOCAL) == {*ASSETS, "zoo.json"}


def test_an_import_overwrites_only_with_force(source: Path, cache: Path) -> None:
    import_bundle(ImportRequest(source=source))
    (source / "metrics.json").write_text('{"f1": 0.5}')
    with pytest.raises(InputError, match="there is a bundle in") as caught:
        import_bundle(ImportRequest(source=source))
    assert "--force" in caught.value.hint
    assert "0.977" in (cache / LOCAL / "metrics.json").read_text()
    import_bundle(ImportRequest(source=source, force=True))
    assert (cache / LOCAL / "metrics.json").read_text() == '{"f1": 0.5}'


def test_a_forced_import_with_fewer_files_leaves_none_of_the_old(source: Path, cache: Path) -> None:
    import_bundle(ImportRequest(source=source))
    (source / "metrics.json").unlink()
    obtained = import_bundle(ImportRequest(source=source, force=True))
    assert obtained.absent == ("metrics.json",)
    assert not (cache / LOCAL / "metrics.json").exists()


@pytest.mark.parametrize("asset", ["configuration.json", "model.keras"])
def test_an_import_without_a_required_file_is_refused(
    source: Path, cache: Path, asset: str
) -> None:
    (source / asset).unlink()
    with pytest.raises(ModelError, match=rf"export has no {asset}"):
        import_bundle(ImportRequest(source=source))
    assert not (cache / LOCAL).exists()


@pytest.mark.parametrize("asset", ASSETS)
def test_an_import_of_garbage_is_refused_and_leaves_nothing(
    source: Path, cache: Path, asset: str
) -> None:
    (source / asset).write_bytes(b"<html>")
    with pytest.raises(ModelError):
        import_bundle(ImportRequest(source=source))
    assert not (cache / LOCAL).exists()


@pytest.mark.parametrize("name", ["beat-3-eff-sm", "../x", "", ".x"])
def test_an_import_under_a_name_that_cannot_be_used_is_refused(source: Path, name: str) -> None:
    if name == "":
        assert import_bundle(ImportRequest(source=source, name=name)).bundle.name == LOCAL
        return
    with pytest.raises(InputError, match="name of a bundle") as caught:
        import_bundle(ImportRequest(source=source, name=name))
    assert caught.value.hint


def test_a_name_that_is_too_long_with_its_prefix_asks_for_another(source: Path) -> None:
    document = heartkit_configuration() | {"name": "x" * 60}
    (source / "configuration.json").write_text(json.dumps(document))
    with pytest.raises(InputError, match="cannot be the name of a bundle") as caught:
        import_bundle(ImportRequest(source=source))
    assert "--name" in caught.value.hint
    assert import_bundle(ImportRequest(source=source, name="wrist")).bundle.name == "wrist"


def test_an_import_of_no_folder_or_of_itself_is_refused(source: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no folder"):
        import_bundle(ImportRequest(source=tmp_path / "none"))
    with pytest.raises(InputError, match="is the source itself"):
        import_bundle(ImportRequest(source=source, folder=source, force=True))


def test_a_disk_that_is_full_leaves_the_old_bundle(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = import_bundle(ImportRequest(source=source)).bundle

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.shutil, "copyfile", full)
    with pytest.raises(InputError, match="No space left on device"):
        import_bundle(ImportRequest(source=source, force=True))
    assert open_bundle(LOCAL) == before


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"schema_version": 2, "name": "x", "kind": "fetched", "files": {}}',
        '{"schema_version": 1, "name": "../x", "kind": "fetched", "files": {}}',
        '{"schema_version": 1, "name": "x", "kind": "stolen", "files": {}}',
        '{"schema_version": 1, "name": "x", "kind": "fetched", "files": {"../../x": {"source": "",'
        ' "size_bytes": 1, "sha256": "", "obtained_utc": ""}}}',
        " " * 70_000,
    ],
)
def test_a_spoilt_origin_is_one_error(source: Path, content: str) -> None:
    (source / "zoo.json").write_text(content)
    with pytest.raises(ModelError, match=r"zoo\.json cannot be used|cannot be the name"):
        open_bundle(source)


def test_our_scores_do_not_overwrite_the_zoos(source: Path) -> None:
    assert open_bundle(source).metrics_path.name == "metrics.json"
    assert import_bundle(ImportRequest(source=source)).bundle.metrics_path.name == "evaluation.json"


def test_a_source_that_vanishes_is_one_error(source: Path) -> None:
    shutil.rmtree(source)
    with pytest.raises(EctopyError):
        import_bundle(ImportRequest(source=source))
