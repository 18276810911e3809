import errno
import socket
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ectopy.errors import InputError, ToolError
from ectopy.zoo import download as module
from ectopy.zoo.download import Wanted, download
from ectopy.zoo.transport import AbsentError, Route, Waits
from support.zoo_server import Behaviour, Zoo

BODY = bytes(range(256)) * 1200
PATH = "/heartkit/beat/file"
QUICK = Waits(read_s=0.3, answer_s=1.0, file_s=5.0)


@pytest.fixture
def wanted(zoo: Zoo, tmp_path: Path) -> Wanted:
    zoo.files[PATH] = BODY
    return Wanted(
        url=f"{zoo.url}file",
        name="file",
        partial=tmp_path / "file.part",
        limit_bytes=1 << 20,
        route=Route.from_base(zoo.url),
        waits=QUICK,
    )


def break_off(wanted: Wanted, zoo: Zoo, *, etag: bool = True) -> None:
    """A first attempt, of which 1000 bytes stay."""
    zoo.behaviours[PATH] = Behaviour(cut_after=1000, etag=etag)
    with pytest.raises(ToolError):
        download(wanted)


def test_a_file_arrives_whole_and_progress_reaches_its_total(wanted: Wanted) -> None:
    told: list[tuple[int, int, str]] = []
    download(wanted, lambda *news: told.append(news))
    assert wanted.partial.read_bytes() == BODY
    assert told[-1] == (300, 300, "file")
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)


def test_a_file_that_is_complete_is_compared_and_not_sent_again(wanted: Wanted, zoo: Zoo) -> None:
    download(wanted)
    zoo.behaviours[PATH] = Behaviour(cut_after=0)
    download(wanted)
    assert zoo.asked[-1] == (PATH, f"bytes={len(BODY)}-")
    assert wanted.partial.read_bytes() == BODY


def test_a_complete_file_that_changed_on_the_server_is_fetched_anew(
    wanted: Wanted, zoo: Zoo
) -> None:
    download(wanted)
    zoo.files[PATH] = b"new"
    download(wanted)
    assert wanted.partial.read_bytes() == b"new"


def test_a_cut_off_file_is_kept_and_continued_where_it_stopped(wanted: Wanted, zoo: Zoo) -> None:
    zoo.behaviours[PATH] = Behaviour(cut_after=1000)
    with pytest.raises(
        ToolError, match=r"broke off after 1,000 of 307,200 bytes; 1,000 .* kept"
    ) as e:
        download(wanted)
    assert "continues where this one stopped" in e.value.hint
    assert wanted.partial.read_bytes() == BODY[:1000]
    zoo.behaviours[PATH] = Behaviour()
    download(wanted)
    assert zoo.asked[-1] == (PATH, "bytes=1000-")
    assert wanted.partial.read_bytes() == BODY


def test_a_server_without_etag_is_continued_if_the_total_is_the_same(
    wanted: Wanted, zoo: Zoo
) -> None:
    break_off(wanted, zoo, etag=False)
    zoo.behaviours[PATH] = Behaviour(etag=False)
    download(wanted)
    assert wanted.partial.read_bytes() == BODY
    assert len(zoo.asked) == 2


def test_without_etag_another_total_starts_from_the_beginning(wanted: Wanted, zoo: Zoo) -> None:
    break_off(wanted, zoo, etag=False)
    zoo.files[PATH] = b"other" * 500
    zoo.behaviours[PATH] = Behaviour(etag=False)
    download(wanted)
    assert wanted.partial.read_bytes() == b"other" * 500


def test_a_file_that_changed_meanwhile_is_not_mixed_with_its_beginning(
    wanted: Wanted, zoo: Zoo
) -> None:
    break_off(wanted, zoo)
    zoo.files[PATH] = BODY[::-1]
    zoo.behaviours[PATH] = Behaviour()
    download(wanted)
    assert wanted.partial.read_bytes() == BODY[::-1]


def test_a_server_without_ranges_starts_from_the_beginning(wanted: Wanted, zoo: Zoo) -> None:
    break_off(wanted, zoo)
    zoo.behaviours[PATH] = Behaviour(ranges=False)
    download(wanted)
    assert wanted.partial.read_bytes() == BODY


@pytest.mark.parametrize("error", [10, -10])
def test_a_range_from_elsewhere_is_not_appended(wanted: Wanted, zoo: Zoo, error: int) -> None:
    break_off(wanted, zoo)
    zoo.behaviours[PATH] = Behaviour(range_start_error=error)
    download(wanted)
    assert wanted.partial.read_bytes() == BODY


def test_a_part_that_nobody_asked_for_is_one_error(wanted: Wanted, zoo: Zoo) -> None:
    zoo.behaviours[PATH] = Behaviour(unasked_part=True)
    with pytest.raises(ToolError, match="a part of the file, which was not asked for"):
        download(wanted)
    assert not wanted.partial.exists()


def test_a_break_before_the_first_byte_does_not_describe_old_bytes_anew(
    wanted: Wanted, zoo: Zoo, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_off(wanted, zoo)
    zoo.files[PATH] = BODY[::-1]
    zoo.behaviours[PATH] = Behaviour()
    real = module._remember

    def killed(*arguments: Any) -> None:
        real(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(module, "_remember", killed)
        with pytest.raises(KeyboardInterrupt):
            download(wanted)
    download(wanted)
    assert wanted.partial.read_bytes() == BODY[::-1]


def test_a_partial_file_longer_than_the_servers_is_thrown_away(wanted: Wanted, zoo: Zoo) -> None:
    download(wanted)
    with wanted.partial.open("ab") as file:
        file.write(b"more")
    download(wanted)
    assert wanted.partial.read_bytes() == BODY


@pytest.mark.parametrize("memory", [b"", b"{", b"[]", b'{"url": 3}', b"\xff"])
def test_a_partial_file_of_unknown_origin_is_not_continued(
    wanted: Wanted, zoo: Zoo, memory: bytes
) -> None:
    wanted.partial.write_bytes(b"what is this")
    (wanted.partial.parent / "file.part.json").write_bytes(memory)
    download(wanted)
    assert zoo.asked == [(PATH, None)]
    assert wanted.partial.read_bytes() == BODY


def test_a_content_length_beyond_the_body_ends_in_one_error_and_no_hang(
    wanted: Wanted, zoo: Zoo
) -> None:
    zoo.behaviours[PATH] = Behaviour(declared_bytes=len(BODY) + 10)
    with pytest.raises(ToolError, match="after 307,200 of 307,210 bytes"):
        download(wanted)


def test_a_server_that_stalls_is_left_after_the_read_timeout(wanted: Wanted, zoo: Zoo) -> None:
    zoo.behaviours[PATH] = Behaviour(stall_after=500)
    began_s = time.monotonic()
    with pytest.raises(ToolError, match=r"0\.3 s without a byte .*; 500 bytes are kept"):
        download(wanted)
    assert time.monotonic() - began_s < 2


def test_a_server_that_trickles_is_left_after_the_time_for_a_file(wanted: Wanted, zoo: Zoo) -> None:
    zoo.behaviours[PATH] = Behaviour(trickle_s=0.02)
    began_s = time.monotonic()
    with pytest.raises(ToolError, match=r"broke off by us after 0\.5 s: it is too slow; .* kept"):
        download(replace(wanted, waits=replace(QUICK, file_s=0.5)))
    assert time.monotonic() - began_s < 3
    assert BODY.startswith(wanted.partial.read_bytes())


def test_a_server_that_does_not_answer_is_left(wanted: Wanted, zoo: Zoo) -> None:
    zoo.behaviours[PATH] = Behaviour(silent_s=3)
    with pytest.raises(ToolError, match="without a"):
        download(wanted)


def test_a_head_sent_byte_by_byte_is_not_awaited_for_ever(wanted: Wanted, zoo: Zoo) -> None:
    zoo.behaviours[PATH] = Behaviour(drip_head_s=0.05)
    began_s = time.monotonic()
    with pytest.raises(ToolError, match=r"did not answer in 0\.5 s"):
        download(replace(wanted, waits=replace(QUICK, answer_s=0.5)))
    assert time.monotonic() - began_s < 3


def test_a_chunk_length_sent_byte_by_byte_is_left_after_the_time_for_a_file(
    wanted: Wanted, zoo: Zoo
) -> None:
    """Every byte is within the timeout of a read, and there may be 65,536 of them."""
    zoo.behaviours[PATH] = Behaviour(drip_chunk_s=0.05)
    began_s = time.monotonic()
    with pytest.raises(ToolError, match=r"broke off by us after 0\.5 s: it is too slow; 5 bytes"):
        download(replace(wanted, waits=replace(QUICK, file_s=0.5)))
    assert time.monotonic() - began_s < 3


def test_an_empty_file_is_had_at_once(wanted: Wanted, zoo: Zoo) -> None:
    zoo.files[PATH] = b""
    download(wanted)
    assert wanted.partial.read_bytes() == b""


@pytest.mark.parametrize("code", [403, 404])
def test_an_absent_file_is_told_apart_from_trouble(wanted: Wanted, zoo: Zoo, code: int) -> None:
    zoo.behaviours[PATH] = Behaviour(status=code)
    with pytest.raises(AbsentError, match=f"answers {code}"):
        download(wanted)


@pytest.mark.parametrize("code", [401, 429, 500, 503])
def test_other_statuses_are_one_error(wanted: Wanted, zoo: Zoo, code: int) -> None:
    zoo.behaviours[PATH] = Behaviour(status=code)
    with pytest.raises(ToolError, match=f"answers {code} ") as caught:
        download(wanted)
    assert not isinstance(caught.value, AbsentError)
    assert caught.value.hint
    assert not wanted.partial.exists()


def test_a_declared_size_over_the_limit_is_refused_before_reading(wanted: Wanted, zoo: Zoo) -> None:
    zoo.behaviours[PATH] = Behaviour(declared_bytes=1 << 40, stall_after=0)
    with pytest.raises(ToolError, match="larger than 1,048,576 bytes"):
        download(wanted)
    assert not wanted.partial.exists()


def test_an_endless_body_is_left_at_the_limit_and_not_kept(wanted: Wanted, zoo: Zoo) -> None:
    zoo.behaviours[PATH] = Behaviour(endless=True)
    with pytest.raises(ToolError, match="larger than 1,048,576 bytes"):
        download(wanted)
    assert not wanted.partial.exists()


def test_a_web_page_is_not_taken_for_the_file(wanted: Wanted, zoo: Zoo) -> None:
    zoo.behaviours[PATH] = Behaviour(content_type="text/html; charset=utf-8")
    with pytest.raises(ToolError, match="a web page instead of the file") as caught:
        download(wanted)
    assert "login page" in caught.value.hint


def test_a_compressed_body_is_refused(wanted: Wanted, zoo: Zoo) -> None:
    zoo.behaviours[PATH] = Behaviour(encoding="gzip")
    with pytest.raises(ToolError, match="compressed"):
        download(wanted)


def test_a_redirect_loop_ends(wanted: Wanted, zoo: Zoo) -> None:
    zoo.behaviours[PATH] = Behaviour(redirect=PATH)
    with pytest.raises(ToolError, match="redirects where we do not follow: in a circle"):
        download(wanted)
    assert len(zoo.asked) <= 6


def test_a_chain_of_redirects_is_followed_a_few_times_only(wanted: Wanted, zoo: Zoo) -> None:
    for i in range(9):
        zoo.behaviours[f"{PATH}{i or ''}"] = Behaviour(redirect=f"{PATH}{i + 1}")
    with pytest.raises(ToolError, match="more than 5 times"):
        download(wanted)
    zoo.behaviours[f"{PATH}3"] = Behaviour()
    zoo.files[f"{PATH}3"] = b"here"
    download(wanted)
    assert wanted.partial.read_bytes() == b"here"


@pytest.mark.parametrize("target", ["ftp://a/b", "file:///etc/passwd", "http://example.com/x"])
def test_a_redirect_off_the_route_is_not_followed(wanted: Wanted, zoo: Zoo, target: str) -> None:
    zoo.behaviours[PATH] = Behaviour(redirect=target)
    with pytest.raises(ToolError, match="where we do not follow"):
        download(wanted)


def test_the_body_of_a_redirect_is_not_read(wanted: Wanted, zoo: Zoo) -> None:
    zoo.files[f"{PATH}2"] = b"here"
    size = 256 << 20
    zoo.behaviours[PATH] = Behaviour(redirect=f"{PATH}2", redirect_body_bytes=size)
    download(wanted)
    assert wanted.partial.read_bytes() == b"here"
    assert zoo.redirect_bytes_sent < size // 4, "what the buffers of both sides hold"


def test_a_disk_that_is_full_is_one_error_with_a_hint(
    wanted: Wanted, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        def __enter__(self) -> "Full":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def truncate(self, _: int) -> None:
            pass

        seek = truncate

        def write(self, _: bytes) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    real = Path.open

    def opened(path: Path, *arguments: Any, **options: Any) -> Any:
        return Full() if path == wanted.partial else real(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(InputError, match="No space left on device") as caught:
        download(wanted)
    assert "--dest" in caught.value.hint


def test_nobody_listening_is_one_error(wanted: Wanted) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ToolError, match=r"cannot be had from .*refused") as caught:
        download(replace(wanted, url=f"http://127.0.0.1:{port}/file"))
    assert "is there a network?" in caught.value.hint


def test_what_is_no_http_is_one_error(wanted: Wanted) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"220 smtp ready\r\n")

        threading.Thread(target=speak, daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/file"
        with pytest.raises(ToolError, match="cannot be had from"):
            download(replace(wanted, url=url))


ZOO = Route.from_base("https://zoo.example.com/a/")
PLAIN = Route.from_base("http://zoo.example.com/a/")
HERE = Route.from_base("http://127.0.0.1:8000/")


@pytest.mark.parametrize(
    ("route", "url", "allowed"),
    [
        (ZOO, "https://zoo.example.com/b", True),
        (ZOO, "https://elsewhere.example.com/b", True),
        (ZOO, "http://zoo.example.com/b", False),
        (ZOO, "https://127.0.0.1/b", False),
        (ZOO, "http://localhost/b", False),
        (ZOO, "https://LOCALHOST./b", False),
        (ZOO, "https://me.localhost/b", False),
        (ZOO, "https://127.1/b", False),
        (ZOO, "https://2130706433/b", False),
        (ZOO, "https://0.0.0.0/b", False),
        (ZOO, "https://[::]/b", False),
        (ZOO, "https://[::ffff:127.0.0.1]/b", False),
        (ZOO, "https://192.0.2.1/b", True),
        (ZOO, "ftp://zoo.example.com/b", False),
        (ZOO, "https://[broken", False),
        (PLAIN, "http://zoo.example.com/b", True),
        (PLAIN, "http://elsewhere.example.com/b", False),
        (PLAIN, "https://elsewhere.example.com/b", True),
        (HERE, "http://localhost:9/b", True),
        (HERE, "http://[::1]:9/b", True),
        (HERE, "http://example.com/b", False),
    ],
)
def test_only_the_users_own_choice_goes_without_encryption(
    route: Route, url: str, allowed: bool
) -> None:
    assert route.allows(url) is allowed


@pytest.mark.parametrize(
    "url",
    ["", "zoo", "file:///etc", "ftp://a/b", "https://", "https://a:x/", "https://me:secret@zoo/"],
)
def test_a_base_that_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="no http or https address"):
        Route.from_base(url)


def test_the_partial_file_is_never_longer_than_what_came(wanted: Wanted, zoo: Zoo) -> None:
    wanted.partial.write_bytes(b"x" * 2_000_000)
    zoo.behaviours[PATH] = Behaviour(cut_after=10)
    with pytest.raises(ToolError):
        download(wanted)
    assert wanted.partial.read_bytes() == BODY[:10]
    assert len(BODY) > module.CHUNK_BYTES, "files of several chunks are tested"
