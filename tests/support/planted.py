"""Firmware with planted faults: a copy of the sources in a scratch folder, changed there."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ectopy.toolchain import build_id, make, sources
from ectopy.usecases import build

FIRMWARE = Path(__file__).parents[2] / "firmware"


@dataclass
class ScratchFirmware:
    """A copy of ``firmware/`` from which images are built."""

    root: Path
    originals: dict[Path, str] = field(default_factory=dict)

    def plant(self, name: str, right: str, wrong: str) -> None:
        """Replaces a piece of text that must be there, wherever it is in the file."""
        path = self.root / name
        text = path.read_text()
        assert right in text, f"{name} holds no {right!r}"
        self.overwrite(name, text.replace(right, wrong))

    def overwrite(self, name: str, text: str) -> None:
        path = self.root / name
        self.originals.setdefault(path, path.read_text())
        path.write_text(text)

    def repair(self) -> None:
        for path, text in self.originals.items():
            path.write_text(text)
        self.originals.clear()


def scratch_firmware(folder: Path) -> ScratchFirmware:
    return ScratchFirmware(root=Path(shutil.copytree(FIRMWARE, folder / "firmware")))


def build_from(firmware: ScratchFirmware, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets every build take its sources from there and write beside them."""
    for module in (build_id, make, sources):
        monkeypatch.setattr(module, "FIRMWARE_DIR", firmware.root)
    monkeypatch.setattr(build, "BUILD_DIR", firmware.root.parent / "build")


ZERO_PADDED_CONV2D = """\
#include "ectopy/kernels.h"
#include "requantize.h"

static int32_t tap(const ect_conv2d_s8_t *p, const int8_t *in, int32_t y, int32_t x, int32_t c) {
    const int inside = y >= 0 && y < p->in_h && x >= 0 && x < p->in_w;
    const int32_t value = inside ? in[(y * p->in_w + x) * p->in_c + c] : 0;
    return value - p->in_zero_point;
}

static int32_t sum_at(const ect_conv2d_s8_t *p, const int8_t *in, const int8_t *w, int32_t y,
                      int32_t x) {
    int32_t sum = 0;
    for (int32_t i = 0; i < p->kernel_h; ++i) {
        for (int32_t j = 0; j < p->kernel_w; ++j) {
            for (int32_t c = 0; c < p->in_c; ++c) {
                sum += *w++ * tap(p, in, y + i * p->dilation_h, x + j * p->dilation_w, c);
            }
        }
    }
    return sum;
}

void ect_conv2d_s8_ref(const ect_conv2d_s8_t *p, const int8_t *in, const int8_t *weights,
                       const int32_t *bias, int8_t *out) {
    const int32_t filter_bytes = p->kernel_h * p->kernel_w * p->in_c;
    for (int32_t y = 0; y < p->out_h; ++y) {
        for (int32_t x = 0; x < p->out_w; ++x) {
            for (int32_t o = 0; o < p->out_c; ++o) {
                const int32_t acc =
                    bias[o] + sum_at(p, in, weights + o * filter_bytes,
                                     y * p->stride_h - p->pad_top, x * p->stride_w - p->pad_left);
                const int32_t z = ect_requantize(acc, p->multiplier[o], p->shift[o]);
                *out++ = ect_clamp_s8(z + p->out_zero_point, p->clamp_min, p->clamp_max);
            }
        }
    }
}
"""
"""A plain convolution that pads with 0 and not with the input zero point."""

SINGLE_ROUNDING = """\
static inline int32_t ect_requantize(int32_t acc, int32_t multiplier, int32_t shift) {
    const int32_t total = 31 - shift;
    return (int32_t)(((int64_t)acc * multiplier + (INT64_C(1) << (total - 1))) >> total);
}

static inline int32_t ect_requantize_right("""
"""Put before the right one, which gets another name."""

TRUNCATION = """\
static inline int32_t ect_requantize(int32_t acc, int32_t multiplier, int32_t shift) {
    return (int32_t)(((int64_t)acc * multiplier) >> (31 - shift));
}

static inline int32_t ect_requantize_right("""
"""The same, without any rounding."""
