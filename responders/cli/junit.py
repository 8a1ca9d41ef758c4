"""Results of examples and tests as JUnit XML, which CI systems read: suites, cases, and one failure for each case that did not hold.

Elements and attributes are those that most tools share (github.com/testmoapp/junitxml, November 2026).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from listener.text import visible


@dataclass(frozen=True, slots=True)
class Case:
    """One example or test: its suite, its name, the line it stands in, and all that did not hold of it."""

    suite: str
    name: str
    line: int
    problems: tuple[str, ...]


def junit(file: str, cases: Sequence[Case], seconds: float) -> bytes:
    """Return the document; every text in it is made visible, since XML cannot hold control characters at all."""
    root = ET.Element("testsuites", {"name": visible(file, newlines=False), **_counts(cases), "time": f"{seconds:.3f}"})
    for suite in dict.fromkeys(case.suite for case in cases):
        own = [case for case in cases if case.suite == suite]
        part = ET.SubElement(root, "testsuite", {"name": suite, **_counts(own), "file": visible(file, newlines=False)})
        for case in own:
            _case(part, case, file)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _counts(cases: Sequence[Case]) -> dict[str, str]:
    failed = sum(bool(case.problems) for case in cases)
    return {"tests": str(len(cases)), "failures": str(failed), "errors": "0", "skipped": "0"}


def _case(part: ET.Element, case: Case, file: str) -> None:
    facts = {
        "name": visible(case.name, newlines=False),
        "classname": case.suite,
        "file": visible(file, newlines=False),
        "line": str(case.line),
    }
    element = ET.SubElement(part, "testcase", facts)
    if case.problems:
        words = [visible(problem, newlines=False) for problem in case.problems]
        ET.SubElement(element, "failure", {"message": words[0], "type": "expectation"}).text = "\n".join(words)
