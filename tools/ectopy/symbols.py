"""Readable names for C++ symbols: scopes and name, without types.

Not a demangler of everything: what it does not know stays as it is. Source: Itanium C++ ABI,
chapter 5.1, Mangling.
"""

from __future__ import annotations

import re

_ENCODED = re.compile(r"_Z(?P<scopes>N[rVK]*)?(?P<rest>L?\d.*)")
_LENGTH = re.compile(r"L?(\d+)")
_SUBSTITUTION = re.compile(r"S[0-9A-Z]*_|S[tabsiod]")
_LITERAL = re.compile(r"L[a-z]n?\d+E")
_VALUE = re.compile(r"^n?\d+E")
_OPENERS = "INLXJ"


def readable(symbol: str) -> str:
    """``tflite::EvalMean`` for ``_ZN6tflite8EvalMeanEP13TfLiteContext``; others as they are.

    What the compiler appends for a part or a special version of a function (``.isra.0``) stays.
    """
    encoded, dot, version = symbol.partition(".")
    match = _ENCODED.fullmatch(encoded)
    if match is None:
        return symbol
    scopes = _scopes(match["rest"], nested=match["scopes"] is not None)
    return symbol if not scopes else f"{'::'.join(scopes)}{dot}{version}"


def _scopes(text: str, *, nested: bool) -> list[str]:
    """Names from the outermost in; none if there is something unknown among them."""
    names: list[str] = []
    while text:
        length = _LENGTH.match(text)
        if length:
            end = length.end() + int(length[1])
            name = text[length.end() : end]
            names.append("(anonymous)" if name.startswith("_GLOBAL__N_") else name)
            text = text[end:]
            if not nested:
                return names
        elif text[0] == "I":
            text = _after_arguments(text)
        elif text[0] in "CD" and names:
            names.append(("~" if text[0] == "D" else "") + names[-1])
            text = text[2:]
        else:
            return names if text[0] == "E" else []
    return []


def _after_arguments(text: str) -> str:
    """What follows template arguments, which nest."""
    depth = 0
    while text:
        whole = _LITERAL.match(text) or _SUBSTITUTION.match(text)
        length = _LENGTH.match(text)
        if whole:
            text = text[whole.end() :]
        elif length:  # a name; after L, an enumerator's type and then its value
            opened = text[0] == "L"
            text = text[length.end() + int(length[1]) :]
            text = _VALUE.sub("", text) if opened else text
        else:
            depth += (text[0] in _OPENERS) - (text[0] == "E")
            text = text[1:]
            if depth == 0:
                break
    return text
