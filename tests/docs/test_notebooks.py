"""The notebooks of the documentation run from top to bottom in a kernel, and are kept without outputs."""

import re
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient

from escalation.inputs.settings import ROOT
from escalation.model.case import CaseStatus
from escalation.ports.configuration import settings
from records.outcomes import outcome
from records.runtime import open_records

NOTEBOOKS = sorted((ROOT / "docs").rglob("*.ipynb"))
KERNEL_S = 300
pytestmark = pytest.mark.timeout(900)  # the first of them waits for the server's migration


def named(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
def test_a_notebook_keeps_no_outputs(path: Path) -> None:
    book = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
    nbformat.validate(book)
    kept = [
        cell for cell in book.cells if cell.cell_type == "code" and (cell.outputs or cell.execution_count)
    ]
    assert not kept, "outputs are of some earlier day: clear them"


def ran(path: Path, served: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The notebook with what its cells came to in a kernel of its own; a cell that fails fails this."""
    for name, value in served.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    monkeypatch.setenv("TIERWISE_TRACKING", "off")  # no cell shows MLflow, and each process would import it
    book = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
    NotebookClient(
        book, timeout=KERNEL_S, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}
    ).execute()
    return book


def test_the_ladder_is_shown_with_its_decisions_and_pictures(
    served: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = ran(ROOT / "docs/notebooks/ladder.ipynb", served, monkeypatch)
    outputs = [output for cell in book.cells for output in cell.get("outputs", ())]
    results = [output.data for output in outputs if output.output_type == "execute_result"]
    pages = [text_of(data["text/html"]) for data in results if "text/html" in data]
    case, decision, report, table, refused, model, day = pages
    assert "ACCEPTED" in case
    assert "try hpc/scan on mpi" in decision
    assert "6 problems" in report
    # 4 is the largest that the first tier sees, and 6 what the second finds
    rows = re.findall(r"\b(\d+) (accepted|abstained) (hpc|ai)\b", table)
    found = {int(asked): status for asked, status, _ in rows}
    assert [asked for asked, status in found.items() if status == "accepted"] == [3, 4, 5, 6]
    assert [asked for asked, status in found.items() if status == "abstained"] == [9, 10]
    assert [tier for _, _, tier in rows[:3]] == ["hpc", "hpc", "ai"]
    pictures = ["image/png" in output.data for output in outputs if output.output_type == "display_data"]
    assert sum(pictures) == 2
    assert "what would have changed it" in refused
    kept_out = " ".join(data["text/plain"] for data in results)
    assert re.search(r"quantum: condition \w+ not met\. \w+", kept_out)
    for shown, says in (
        (model, "On 228 rows whose outcome nobody had shown it"),
        (day, "24 of 24 patients treated"),
    ):
        assert "ACCEPTED" in shown
        assert says in shown
    drawn = [
        data["text/html"].count('<img src="data:image/svg+xml;base64,')
        for data in results
        if "text/html" in data
    ]
    assert drawn[-2:] == [1, 1]  # a ROC curve and a schedule


def text_of(page: str) -> str:
    """The words of a piece of HTML, with a space between them."""
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


CELL = """
from flows.python import escalate_async
problem = {
    "family": "toy",
    "instance": {"numbers": [3, 1, 9], "pause_s": 300},
    "target": {"metric": "number", "at_least": 9},
    "data_class": "public",
}
await escalate_async(problem, case_id="interrupted-cell")
"""


def test_a_cell_that_is_interrupted_stops_its_case(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a notebook's button does it; the signal alone wakes no event loop."""
    for name, value in served.environment.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    manager, client = start_new_kernel(startup_timeout=KERNEL_S, kernel_name="python3", cwd=str(ROOT))
    try:
        cell = client.execute(CELL)
        with open_records() as (ledger, _):
            while not any(event["kind"] == "work.submitted" for event in ledger.events("interrupted-cell")):
                time.sleep(0.1)
        manager.interrupt_kernel()
        reply = client.get_shell_msg(timeout=KERNEL_S)
        while reply["parent_header"]["msg_id"] != cell:
            reply = client.get_shell_msg(timeout=KERNEL_S)
        assert reply["content"]["ename"] == "CancelledError"
        assert outcome("interrupted-cell").status is CaseStatus.INTERRUPTED
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        settings.cache_clear()
