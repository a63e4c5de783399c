"""A sheet becomes pages, by Typst. CPU-bound: call it in the process pool.

What people wrote reaches the template as JSON values and is set as text: there is no way from a name to markup.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

import typst

from payaid.content import content


def pdf(template: str, sheet: Mapping[str, Any], made_at: datetime) -> bytes:
    """The PDF (PDF/A-2u, fit for the archive) of `templates/documents/<template>.typ`; the same bytes each time."""
    made = _compile(template, sheet, format="pdf", timestamp=made_at, pdf_standards="a-2u")
    return made if isinstance(made, bytes) else made[0]


def pictures(template: str, sheet: Mapping[str, Any], ppi: float = 144.0) -> list[bytes]:
    """The same pages as PNG pictures."""
    made = _compile(template, sheet, format="png", ppi=ppi)
    return [made] if isinstance(made, bytes) else made


def _compile(template: str, sheet: Mapping[str, Any], **how: Any) -> bytes | list[bytes]:
    folder = content("templates/documents")
    made: bytes | list[bytes] = typst.compile(
        folder / f"{template}.typ", root=folder, font_paths=_fonts(), sys_inputs={"sheet": json.dumps(sheet)}, **how
    )
    return made


@cache
def _fonts() -> typst.Fonts:
    """Typst's own fonts hold Latin and ₹; for other scripts the system's are there. Looked for once a process."""
    return typst.Fonts(include_system_fonts=True, include_embedded_fonts=True)
