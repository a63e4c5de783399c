"""A catalogue: one way to render a verdict per file. None of them decides one.

`tell` prints a report on stdout in the format asked for, and gives back the exit status that the report had
before anything was rendered.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from payaidctl.finding import ExitStatus, Report
from payaidctl.options import Output

Render = Callable[[Report], str]


def renderer(output: Output) -> Render:
    """The `render` of the module that the format is named after; imported on use."""
    module = import_module(f"payaidctl.tell.{output.value}")
    render: Render = module.render
    return render


def tell(report: Report, output: Output, page: Path | None = None) -> ExitStatus:
    """Print the report on stdout, write its HTML page where asked, and return the exit status.

    Raises:
        UsageError: the page's file cannot be written.
    """
    status = report.exit_status
    if page is not None:
        from payaidctl.tell import html

        html.write(report, page)
    if output is Output.TEXT:
        from payaidctl.tell import text

        text.show(report)
    else:
        sys.stdout.write(renderer(output)(report))
        sys.stdout.flush()
    return status
