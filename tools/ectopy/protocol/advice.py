"""What to do when a device refuses a request, where its status alone does not say it."""

from ectopy.protocol.schema import Status

_NO_OPERATORS_HINT = (
    "its release library does not tell operators apart: build and flash it with "
    "RUNTIME_VARIANT=release-with-logs"
)
REFUSAL_HINTS: dict[tuple[str, int], str] = {
    ("HELLO", Status.E_SIZE): (
        "either its engine's arena is too small for its model: build and flash it again without "
        "ARENA_BYTES=, then `ectopy build` measures the arena, or says how many bytes are missing; "
        "or the model is none for this firmware or runtime: try another RUNTIME="
    ),
    ("HELLO", Status.E_ENGINE): (
        "its engine does not take the model, and a larger arena would not help: with engine tflm "
        "build and flash it with another runtime, RUNTIME= or TFLM="
    ),
    ("PROFILE", Status.E_UNSUPPORTED): _NO_OPERATORS_HINT,
    ("DUMP", Status.E_UNSUPPORTED): _NO_OPERATORS_HINT,
}
"""By the name of the request and the status of the reply."""
