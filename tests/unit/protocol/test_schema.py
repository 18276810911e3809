import re
from pathlib import Path

from ectopy.protocol import schema
from ectopy.protocol.generate import render_document, render_header
from ectopy.protocol.schema import MAX_BODY, InputFormat, Kind, Status
from ectopy.vocab import FRAME_SAMPLES

FIRMWARE = Path(__file__).parents[3] / "firmware"


def test_the_committed_header_is_the_declared_one() -> None:
    assert (FIRMWARE / "protocol" / "messages.h").read_text() == render_header()


def test_the_committed_document_is_the_declared_one() -> None:
    assert (FIRMWARE / "protocol" / "PROTOCOL.md").read_text() == render_document()


def test_statuses_are_those_of_the_firmware() -> None:
    header = (FIRMWARE / "include" / "ectopy" / "status.h").read_text()
    declared = {name: int(value) for name, value in re.findall(r"ECT_(\w+) = (\d+)", header)}
    assert declared == {status.name: status.value for status in Status}
    assert set(schema.STATUS_TEXT) == set(Status)


def test_every_kind_has_one_message_and_fits() -> None:
    assert [message.kind for message in schema.MESSAGES] == list(Kind)
    assert 1 + FRAME_SAMPLES * max(fmt.sample_bytes for fmt in InputFormat) <= MAX_BODY
    assert max(m.reply.fixed_bytes for m in schema.MESSAGES) <= MAX_BODY


def test_a_body_fits_only_a_layout_of_its_length() -> None:
    assert schema.STATS.reply.fits(bytes(28))
    assert not schema.STATS.reply.fits(bytes(29))
    assert schema.INFER.reply.fits(bytes(19))
    assert not schema.INFER.reply.fits(bytes(15))
