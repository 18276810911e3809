"""Behaves as ns_autodeploy does towards its caller, without a board: same options, same input
arithmetic, same words, same files. How it ends is in $FAKE_MODE.

Run as a program; the columns and words are those of neuralSPOT 1.3.0.
"""

import argparse
import gzip
import json
import os
import pickle
import subprocess
import sys
import time
from pathlib import Path

OPTIONS = (
    "tflite-filename model-name platform toolchain neuralspot-rootdir destination-rootdir dataset "
    "runs max-arena-size arena-size-scratch-buffer-padding cpu-mode transport tty resultlog-file "
    "run-log-id verbosity"
)
COLUMNS_TEXT = (
    "Event,Tag,uSeconds,Est MACs,cycles,cpi,exc,sleep,lsu,fold,daccess,dtaglookup,dhitslookup,"
    "dhitsline,iaccess,itaglookup,ihitslookup,ihitsline"
)
COLUMNS = COLUMNS_TEXT.split(",")
LOG_HEADER = (
    "Model Filename, Platform, Compiler, TF Version, Model Size (KB), Arena Size (KB), "
    "Model Location, Arena Location, Est MACs, HP(ms), HP(uJ), HP(mW), LP(ms), LP(uJ), LP(mW), "
    "AOT HP(ms), AOT HP(uJ), AOT HP(mW), AOT LP(ms), AOT LP(uJ), AOT LP(mW), AOT Version, "
    "TFLM ROM (KB), TFLM RAM (KB), AOT ROM (KB), AOT RAM (KB), AS Version, Date Run, ID\n"
)


def stats_text(layers: list[tuple[str, int, int]], cycles_per_us: int = 0) -> str:
    """The statistics file for layers of (tag, microseconds, MACs)."""
    lines = [",".join(f'"""{name}"""' for name in COLUMNS)]
    for i, (tag, us, macs) in enumerate(layers):
        cells = [i, tag, us, macs, us * cycles_per_us, 0, 0, 0, 0, 0, 10, 9, 8, 7, 6, 5, 4, 3]
        lines.append(",".join(map(str, cells)))
    return "\n".join(lines) + "\n"


def log_line(
    model: str, macs: int, *, compiler: str = "gcc 13.2.rel1", power: str = "0,0,0"
) -> str:
    """One line of the result log."""
    return (
        f"{model},apollo4p_evb,{compiler},helia_rt_v1_6_0,97,33,TCM,TCM,{macs},{power},0,0,0,"
        "0,0,0,0,0,0,0,0,0,0,0,R4.5.0,25/11/2026,x\n"
    )


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def log(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in OPTIONS.split():
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--no-random-data", action="store_true", required=True)
    chosen = parser.parse_args()
    mode = os.environ.get("FAKE_MODE", "good")
    folder = Path(chosen.destination_rootdir) / chosen.model_name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "environ.json").write_text(json.dumps({**os.environ, "cwd": str(Path.cwd())}))
    if mode == "silent":
        time.sleep(60)
    say("[NS] Running 2 Stage Autodeploy for Platform: apollo4p_evb")
    say("[NS] *** Stage [1/2]: Create and fine-tune EVB model characterization image")
    say("[NS] Compiling and deploying Baseline image: arena size = 734k, arena location = SRAM")
    if mode == "grandchild":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        (folder / "grandchild.pid").write_text(str(child.pid))
        time.sleep(60)
    if mode == "make":
        say("[ERROR] Make failed, return code 512")
        sys.exit("Make failed, return code 512")
    if mode == "building":
        time.sleep(60)
    if mode == "waiting":
        while True:
            log(f"WARNING: TTY {chosen.tty} not found, retrying...")
            time.sleep(0.1)
    log(f"INFO: Connecting to EVB USB/UART device {chosen.tty}")
    if mode == "hang":
        time.sleep(60)
    if mode == "configuration":
        say("[ERROR] Model Configuration Send Status = 1")
        say("[ERROR] This may be caused by allocating too little memory for the tensor arena.")
        sys.exit("Model Configuration Failed")
    measure(chosen, folder, mode)


def measure(chosen: argparse.Namespace, folder: Path, mode: str) -> None:
    import numpy as np  # late, so that what hangs before has begun at once

    say("[NS] Using TensorFlow Version: helia_rt_v1_6_0")
    with gzip.open(chosen.dataset) as file:
        data = pickle.load(file)
    scale, zero_point = json.loads(os.environ["FAKE_QUANT"])
    int8 = np.asarray(data["XT"] / scale + zero_point, dtype=np.int8)
    np.save(folder / "seen.npy", np.concatenate([int8[i].ravel() for i in range(int(chosen.runs))]))
    layers = json.loads(os.environ["FAKE_LAYERS"])
    total, macs = sum(us for _, us, _ in layers), sum(macs for _, _, macs in layers)
    say(f"[NS] Calling invoke on EVB {chosen.runs} times.")
    difference = "Model Output Comparison: Mean difference per output label in tensor(0)"
    log(f"INFO: {difference}: array([ 0.05, -0.05,  0.  ])")
    analysis = "INFO: Model Performance Analysis: Total Inference Time"
    log(f"{analysis} {total} us, total estimated MACs {macs}, total cycles 0")
    if mode == "no_stats":
        return
    (folder / f"{chosen.model_name}_stats.csv").write_text(stats_text(layers))
    if mode == "garbled":
        (folder / f"{chosen.model_name}_stats.csv").write_text(stats_text(layers)[:-40])
    if mode == "late":
        sys.exit("IndexError: list index out of range")
    say("[Profile] Arena Size:                        33 KB")
    with Path(chosen.resultlog_file).open("a") as results:
        results.write(LOG_HEADER + log_line(chosen.model_name, macs))


if __name__ == "__main__":
    main()
