import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import wfdb

from ectopy.errors import ToolError
from ectopy.vocab import DatasetName, Split
from ectopy.windows import WindowRequest, cache, fetch, load_windows, mitdb
from ectopy.windows.fetch import PhysioNet, fetch_mitdb
from ectopy.windows.wfdb_files import file_names

RECORDS = [record for split in mitdb.SPLITS.values() for record in split]


class FakeArchive:
    """Serves small records; can break off, damage what it sends, or publish other checksums."""

    def __init__(self, write_record: Callable[..., Path]) -> None:
        self.write_record = write_record
        self.served: list[str] = []
        self.breaks_at: str | None = None
        self.damages: str | None = None
        self.published: dict[str, str] = {}

    def checksums(self) -> dict[str, str]:
        return self.published

    def download(self, record: str, directory: Path) -> None:
        if record == self.breaks_at:
            raise ToolError("the line went dead")
        self.served.append(record)
        self.write_record(directory, record)
        if record == self.damages:
            (directory / f"{record}.dat").write_bytes(b"not much")


@pytest.fixture
def archive(write_record: Callable[..., Path]) -> FakeArchive:
    return FakeArchive(write_record)


@pytest.fixture
def place(bare_machine: Path) -> Path:
    return bare_machine


def test_a_fetched_cache_is_complete_checked_and_taken_by_auto(
    archive: FakeArchive, place: Path
) -> None:
    steps: list[tuple[int, int]] = []
    report = fetch_mitdb(archive, progress=lambda done, total, _: steps.append((done, total)))
    assert (report.downloaded, report.kept, report.directory) == (44, 0, place)
    assert steps[0] == (0, 44)
    assert steps[-1] == (44, 44)
    assert archive.served == RECORDS
    for name, digest in mitdb.read_checksums(place).items():
        assert hashlib.sha256((place / name).read_bytes()).hexdigest() == digest
    assert {p.name for p in place.iterdir()} == {
        mitdb.CHECKSUMS,
        *(name for record in RECORDS for name in file_names(record)),
    }
    info = load_windows(WindowRequest(dataset=DatasetName.AUTO, split=Split.DS1)).info
    assert not info.synthetic
    assert "cache" in info.reason


def test_an_interrupted_fetch_resumes_where_it_stopped(archive: FakeArchive, place: Path) -> None:
    archive.breaks_at = "201"
    with pytest.raises(ToolError, match="line went dead"):
        fetch_mitdb(archive)
    assert not cache.is_complete(place)
    assert not list(place.glob(".incoming-*"))
    first = archive.served.copy()
    archive.breaks_at = None
    report = fetch_mitdb(archive)
    assert archive.served == RECORDS
    assert (report.downloaded, report.kept) == (44 - len(first), len(first))
    assert cache.is_complete(place)


def test_an_incomplete_cache_is_not_taken_for_real_data(archive: FakeArchive, place: Path) -> None:
    archive.breaks_at = RECORDS[-1]
    with pytest.raises(ToolError):
        fetch_mitdb(archive)
    info = load_windows(WindowRequest(dataset=DatasetName.AUTO, split=Split.DS1, limit=5)).info
    assert info.synthetic
    assert "is incomplete" in info.reason


def test_a_cache_that_lost_a_file_is_incomplete(archive: FakeArchive, place: Path) -> None:
    fetch_mitdb(archive)
    assert cache.is_complete(place)
    (place / "232.atr").unlink()
    assert not cache.is_complete(place)


def test_a_file_that_changed_in_the_cache_is_fetched_again(
    archive: FakeArchive, place: Path
) -> None:
    fetch_mitdb(archive)
    archive.served.clear()
    (place / "114.dat").write_bytes(b"worms")
    (place / "232.atr").unlink()
    report = fetch_mitdb(archive)
    assert sorted(archive.served) == ["114", "232"]
    assert (report.downloaded, report.kept) == (2, 42)


def test_a_record_that_arrives_damaged_is_not_put_into_the_cache(
    archive: FakeArchive, place: Path
) -> None:
    archive.damages = "101"
    with pytest.raises(ToolError, match=r"record 101 arrived damaged: .*is short"):
        fetch_mitdb(archive)
    assert not list(place.glob("101.*"))


def test_published_checksums_are_held_against_what_arrives(
    archive: FakeArchive, place: Path
) -> None:
    archive.published = {"106.atr": "0" * 64}
    with pytest.raises(ToolError, match=r"106\.atr does not match PhysioNet's checksum"):
        fetch_mitdb(archive)
    assert (place / "101.dat").exists()
    assert not list(place.glob("106.*"))


def test_a_place_that_cannot_be_written_is_an_error(archive: FakeArchive, place: Path) -> None:
    place.parent.parent.write_text("a file where a directory should be")
    with pytest.raises(ToolError, match="cannot use the cache"):
        fetch_mitdb(archive)


def test_a_list_of_checksums_that_cannot_be_read_is_an_error(
    archive: FakeArchive, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> dict[str, str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(mitdb, "read_checksums", refuse)
    with pytest.raises(ToolError, match=r"cannot use the cache .*Permission denied"):
        fetch_mitdb(archive)


def test_no_network_is_a_clear_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise ConnectionError("name or service not known\nand much more")

    monkeypatch.setattr(wfdb, "dl_database", unreachable)
    with pytest.raises(ToolError, match=r"record 100 .*PhysioNet: name or service not known$") as e:
        PhysioNet().download("100", tmp_path)
    assert "--data-dir" in e.value.hint


def test_a_download_that_never_ends_is_given_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    release = threading.Event()
    monkeypatch.setattr(wfdb, "dl_database", lambda *_, **__: release.wait(30))
    monkeypatch.setattr(fetch, "RECORD_TIMEOUT_S", 0.05)
    with pytest.raises(ToolError, match="record 100 did not arrive"):
        PhysioNet().download("100", tmp_path)
    release.set()


def test_wfdb_is_asked_for_one_record_with_its_reference_annotations(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[object, ...]] = []

    def remember(db_dir: str, dl_dir: str, *, records: list[str], annotators: list[str]) -> None:
        print("wfdb talks")  # noqa: T201
        asked.append((db_dir, dl_dir, records, annotators))

    monkeypatch.setattr(wfdb, "dl_database", remember)
    PhysioNet().download("100", tmp_path)
    assert asked == [("mitdb", str(tmp_path), ["100"], ["atr"])]
    assert capsys.readouterr().out == ""
