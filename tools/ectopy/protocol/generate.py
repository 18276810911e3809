"""Writes the C header and the document of the wire from its declaration.

Run ``python -m ectopy.protocol.generate`` in a source tree after every change of ``schema.py``.
"""

from __future__ import annotations

from pathlib import Path

from ectopy.protocol import schema
from ectopy.protocol.schema import InputFormat, Kind, Layout, Message, Status

_SOURCE = "tools/ectopy/protocol/schema.py"
_TARGET = Path(__file__).parents[3] / "firmware" / "protocol"


def render_header() -> str:
    """Text of ``firmware/protocol/messages.h``."""
    constants = [
        ("ECT_PROTOCOL_VERSION", schema.PROTOCOL_VERSION),
        ("ECT_MAX_BODY", schema.MAX_BODY),
        ("ECT_HEADER_BYTES", schema.HEADER.size),
        ("ECT_CRC_BYTES", schema.CRC_BYTES),
        ("ECT_REPLY_BIT", schema.REPLY_BIT),
        ("ECT_REPLY_RING", schema.REPLY_RING),
    ]
    lines = [
        f"/* Generated from {_SOURCE} by",
        " * `python -m ectopy.protocol.generate`: do not edit. */",
        "#ifndef ECT_PROTOCOL_MESSAGES_H",
        "#define ECT_PROTOCOL_MESSAGES_H",
        "",
        *_defines(constants),
        "",
        *_enum("ECT_KIND", [(kind.name, kind.value) for kind in Kind], "ect_kind_t"),
        "",
        *_enum("ECT_FORMAT", [(fmt.name, fmt.value) for fmt in InputFormat], "ect_format_t"),
        "",
        "/* Offsets (_AT) of the scalars in each body, and the bytes before its tail. */",
    ]
    for message in schema.MESSAGES:
        for part, layout in (("REQUEST", message.request), ("REPLY", message.reply)):
            lines += [*_offsets(f"ECT_{message.kind.name}_{part}", layout), ""]
    return "\n".join([*lines, "#endif /* ECT_PROTOCOL_MESSAGES_H */", ""])


def render_document() -> str:
    """Text of ``firmware/protocol/PROTOCOL.md``."""
    parts = [
        f"# Wire protocol v{schema.PROTOCOL_VERSION}",
        f"Generated from `{_SOURCE}` by `python -m ectopy.protocol.generate`; do not edit.",
        "A frame on the wire is `COBS(header, body, crc32)` and one 0x00. The header is "
        "`u8 kind, u8 status, u16 seq`; all numbers are little-endian; the checksum is zlib's "
        f"CRC-32 over header and body; a body has at most {schema.MAX_BODY} bytes. A receiver "
        "that has lost its place finds it again at the next 0x00; empty frames mean nothing.",
        f"A reply has bit 7 (0x{schema.REPLY_BIT:02x}) of the request's kind set and its `seq`. "
        "Where its status is neither OK nor E_SELFTEST its body is empty. The device answers "
        "requests in the order in which they arrive and never speaks first. It drops damaged "
        "frames and counts them. The host may have as many requests in flight as `credits` in "
        "HELLO says, counted from the oldest one without a reply; it repeats a request with the "
        f"same `seq` and bytes. The device remembers its last {schema.REPLY_RING} INFER replies "
        "by `seq` and checksum of the request.",
        "## Statuses",
        _table(
            ("code", "name", "meaning"),
            [(str(s.value), s.name, schema.STATUS_TEXT[s]) for s in Status],
        ),
        "## Input formats",
        _table(
            ("code", "name", "samples"),
            [(str(f.value), f.name, _FORMAT_TEXT[f]) for f in InputFormat],
        ),
    ]
    for message in schema.MESSAGES:
        parts += _message_section(message)
    parts += ["## JSON of HELLO", _HELLO_TEXT]
    return "\n\n".join(parts) + "\n"


_FORMAT_TEXT = {
    InputFormat.INT8: "int8, the model's quantized input; nothing is done to it",
    InputFormat.INT16_UV: "int16 microvolts; preprocessed on the device",
    InputFormat.FLOAT32_MV: (
        "float32 millivolts, rounded to int16 microvolts half away from zero, saturating; "
        "NaN is refused with E_RANGE"
    ),
}

_HELLO_TEXT = """\
Floats travel as the 8 hex digits of their float32 bits (`scale_bits`).

- `protocol`, `build_id`, `credits`
- `board`: `name`, `cpu`, `emulated`, `clock_hz` (ticks per second, 0 where ticks are not time),
  `tick_unit`, `cpu_hz` (0 unknown), `cycle_counter` (what its self-test found: `none`, `running`,
  `stalled`, or `off_rate`: it counts something else than the processor's clock), `setup_error`
  (what failed when the board was set up; empty if nothing did), `last_fault` (the processor fault
  that started the image anew; empty if none did)
- `engine`: `name`, `version`, `arena_used_bytes`, `arena_reserved_bytes`, `op_count`
- `model`: `name`, `tflite_sha256`, `frame_samples`, `sampling_hz`, `classes`, `golden_vectors`,
  `input` and `output`, each `bytes`, `scale_bits`, `zero_point`"""


def _defines(pairs: list[tuple[str, int]]) -> list[str]:
    width = max(len(name) for name, _ in pairs)
    return [f"#define {name:<{width}} {value}u" for name, value in pairs]


def _enum(prefix: str, pairs: list[tuple[str, int]], name: str) -> list[str]:
    items = [f"    {prefix}_{key} = {value}" for key, value in pairs]
    return ["typedef enum {", *",\n".join(items).split("\n"), f"}} {name};"]


def _offsets(prefix: str, layout: Layout) -> list[str]:
    pairs = []
    at = 0
    for field in layout.fields:
        pairs.append((f"{prefix}_{field.name.upper()}_AT", at))
        at += field.type.nbytes
    return _defines([*pairs, (f"{prefix}_BYTES", at)])


def _message_section(message: Message) -> list[str]:
    rows = [
        *_body_rows("request", message.request),
        *_body_rows("reply", message.reply),
    ]
    return [
        f"## {message.kind.value} {message.kind.name}",
        message.text,
        _table(("body", "offset", "type", "name", "meaning"), rows),
    ]


def _body_rows(part: str, layout: Layout) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    at = 0
    for field in layout.fields:
        rows.append((part, str(at), field.type.name.lower(), field.name, field.text))
        at += field.type.nbytes
    if layout.tail:
        rows.append((part, str(at), "bytes", "", layout.tail))
    return rows or [(part, "", "", "", "empty")]


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    """Writes both files into the source tree this module lies in."""
    (_TARGET / "messages.h").write_text(render_header(), encoding="utf-8")
    (_TARGET / "PROTOCOL.md").write_text(render_document(), encoding="utf-8")


if __name__ == "__main__":
    main()
