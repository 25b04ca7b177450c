"""Where the pages of reports and of MLflow are, for whoever runs a flow, on whatever machine.

`tierwise serve` writes it into a variable of its Prefect server. On a site's own server there is none.
"""

from functools import cache
from urllib.parse import quote

VARIABLE = "tierwise_pages"


def say_where_pages_are(address: str) -> None:
    """Writes the public address, such as `http://127.0.0.1:4200`, to the current server."""
    from prefect.variables import Variable

    Variable.set(VARIABLE, address, overwrite=True)


@cache
def pages_address() -> str | None:
    """The public address of the pages; None where this server has none. Asks the server once a process."""
    from prefect.variables import Variable

    found = Variable.get(VARIABLE)
    return found if isinstance(found, str) and found.startswith(("http://", "https://")) else None


def report_link(case_id: str) -> str | None:
    """Where a page of the same server finds a case's report: a path, which holds under each of its names."""
    return None if pages_address() is None else f"/reports/{quote(case_id, safe='')}"


def tracking_link(case_id: str) -> str | None:
    """Where a page of the same server finds a case's run in MLflow, as soon as MLflow has it."""
    return None if pages_address() is None else f"/mlflow/case/{quote(case_id, safe='')}"
