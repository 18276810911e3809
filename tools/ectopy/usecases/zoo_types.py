"""What a check of a bundle says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """Outcome of one check; ``note`` is worth knowing, ``skipped`` could not be looked at here."""

    OK = "ok"
    NOTE = "note"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at.

    Attributes:
        subject: File or aspect.
        finding: What was found, one sentence.
        advice: What to do; empty if there is nothing to do.
    """

    subject: str
    verdict: Verdict
    finding: str
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """All checks of a bundle."""

    name: str
    path: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing failed; notes and what was skipped are no failures."""
        return all(check.verdict is not Verdict.FAILED for check in self.checks)
