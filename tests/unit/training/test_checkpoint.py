"""A checkpoint comes back as it went; a damaged one is one clear error."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ectopy.errors import InputError
from ectopy.training import checkpoint
from ectopy.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint

GROUPS = ("model", "average", "optimizer")


def some_state(seed: int = 0) -> Checkpoint:
    random = np.random.default_rng(seed)
    weights = tuple(random.standard_normal((3, n)).astype(np.float32) for n in range(1, 13))
    return Checkpoint(
        model=(*weights, np.array([1, 2**32 - 1], dtype=np.uint32)),
        average=tuple(w / 3 for w in weights),
        optimizer=(np.array(17, dtype=np.int64), *weights[:2]),
        batches=dict(random.bit_generator.state),
        epochs=((0.75, None), (0.1 + 0.2, (0.5, 1 / 3, 0.0))),
    )


def require_equal(found: Checkpoint, expected: Checkpoint) -> None:
    for group in GROUPS:
        for a, b in zip(getattr(found, group), getattr(expected, group), strict=True):
            np.testing.assert_array_equal(a, b, strict=True)
    assert found.batches == expected.batches
    assert found.epochs == expected.epochs


def test_everything_comes_back_to_the_last_bit(tmp_path: Path) -> None:
    path = tmp_path / "fold-1.checkpoint.npz"
    save_checkpoint(path, some_state())
    require_equal(load_checkpoint(path), some_state())
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_the_generator_goes_on_where_it_was(tmp_path: Path) -> None:
    random = np.random.default_rng(4)
    random.random(3)
    random.integers(5, dtype=np.uint8)  # half of a 32-bit word stays behind
    save_checkpoint(
        tmp_path / "c.npz", replace(some_state(), batches=dict(random.bit_generator.state))
    )
    again = np.random.default_rng(0)
    again.bit_generator.state = load_checkpoint(tmp_path / "c.npz").batches
    np.testing.assert_array_equal(again.random(9), random.random(9))


def test_a_failing_write_leaves_the_checkpoint_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c.checkpoint.npz"
    save_checkpoint(path, some_state(1))

    def full(file: object, **_: object) -> None:
        file.write(b"half of it")  # type: ignore[attr-defined]
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint.np, "savez", full)
    with pytest.raises(InputError, match=r"c\.checkpoint\.npz cannot be written: No space left"):
        save_checkpoint(path, some_state(2))
    require_equal(load_checkpoint(path), some_state(1))


def test_what_is_renamed_has_reached_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(checkpoint.os, "fsync", synced.append)
    original = Path.replace

    def rename(self: Path, target: Path) -> Path:
        assert synced and self.stat().st_size > 1000
        return original(self, target)

    monkeypatch.setattr(Path, "replace", rename)
    save_checkpoint(tmp_path / "c.npz", some_state())


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x80\x04.", b"\x93NUMPY", b"{}" * 99])
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "c.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match="is not a checkpoint") as caught:
        load_checkpoint(path)
    assert "remove it" in caught.value.hint


def test_an_array_and_another_archive_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros(3))
    np.savez(tmp_path / "b.npz", state=np.frombuffer(b'{"epochs": 3}', np.uint8))
    np.savez(tmp_path / "c.npz", state=np.frombuffer(b"[]", np.uint8))
    for name in ("a.npy", "b.npz", "c.npz", "absent.npz"):
        with pytest.raises(InputError, match="is not a checkpoint"):
            load_checkpoint(tmp_path / name)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("checkpoint") / "c.npz"
    save_checkpoint(path, some_state())
    return path


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_damaged_checkpoint_is_refused_or_whole(written: Path, data: st.DataObject) -> None:
    content = bytearray(written.read_bytes())
    end = data.draw(st.integers(0, len(content) - 1) | st.just(len(content)))
    if end < len(content):
        del content[end:]
    else:
        for _ in range(data.draw(st.integers(1, 3))):
            content[data.draw(st.integers(0, end - 1))] = data.draw(st.integers(0, 255))
    path = written.with_name("damaged.npz")
    path.write_bytes(content)
    try:
        found = load_checkpoint(path)
    except InputError as error:
        assert "is not a checkpoint" in error.message
    else:
        require_equal(found, some_state())


@pytest.mark.parametrize("group", GROUPS)
def test_variables_of_another_model_are_refused(group: str) -> None:
    state = some_state()
    shapes = [value.shape for value in getattr(state, group)]
    state.require(group, shapes)
    for other in (shapes[:-1], [*shapes, (1,)], [*shapes[:-1], (7, 7)]):
        with pytest.raises(InputError, match=f"checkpoint's {group} variables are not those"):
            state.require(group, other)
