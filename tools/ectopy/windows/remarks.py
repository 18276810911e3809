"""What MIT-BIH says of its records: names of rhythms, and what is peculiar to each test record.

Source: MIT-BIH Arrhythmia Database Directory (Moody GB, Mark RG), and the comments in the headers
of the records, which quote it; in our own words.
"""

from __future__ import annotations

from collections.abc import Mapping

RHYTHMS: Mapping[str, str] = {
    "AB": "atrial bigeminy",
    "AFIB": "atrial fibrillation",
    "AFL": "atrial flutter",
    "B": "ventricular bigeminy",
    "BII": "second-degree heart block",
    "IVR": "idioventricular rhythm",
    "N": "sinus rhythm",
    "NOD": "nodal (AV junctional) rhythm",
    "P": "paced rhythm",
    "PREX": "pre-excitation (WPW)",
    "SBR": "sinus bradycardia",
    "SVTA": "supraventricular tachyarrhythmia",
    "T": "ventricular trigeminy",
    "VFL": "ventricular flutter",
    "VT": "ventricular tachycardia",
}
"""Annotated rhythm -> its name."""

REMARKS: Mapping[str, str] = {
    "105": "PVCs of one form; much noise and artefact",
    "111": "left bundle branch block, first-degree AV block; short bursts of baseline shift and "
    "muscle noise",
    "113": "sinus rate varies, perhaps by a wandering atrial pacemaker; the PACs are aberrated",
    "123": "interpolated PVCs of one form",
    "200": "PVCs of several forms; bursts of high-frequency noise",
    "202": "late PVCs of one form; the man of record 201",
    "210": "PVCs of several forms",
    "212": "right bundle branch block that comes with rates above about 90 a minute",
    "213": "PVCs of several forms, mostly late, many of them fusion beats",
    "214": "left bundle branch block, PVCs of several forms; two drops of amplitude and a slip of "
    "the tape, artefacts",
    "219": "PVCs of several forms; pauses of up to 3 s after fibrillation ends",
    "221": "PVCs of several forms, one much more common",
    "222": "nodal escape beats after flutter or fibrillation; stretches of high-frequency noise",
    "228": "first-degree AV block, PVCs of several forms; three short slips of the tape",
    "231": "2:1 and Mobitz II block, right bundle branch block that depends on the rate",
    "232": "as of sick sinus syndrome: first-degree AV block, right bundle branch block, frequent "
    "runs of ectopic atrial beats at 80 to 90 a minute, pauses of up to 6 s",
    "233": "PVCs of several forms",
    "234": "PVCs of one form; junctional premature beats",
}
"""Record of DS2 -> remarks; those that are missing have none."""
