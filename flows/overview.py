"""One page a week for whoever answers for a site: what was done, what it cost, what waits, what was found."""

from datetime import datetime, timedelta
from typing import Annotated, cast

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed
from pydantic import Field

from records.overview.numbers import Overview
from records.overview.pages import markdown_page
from records.overview.sections import summary
from tasks.overview import site_overview

Weeks = Annotated[
    int, Field(ge=1, le=520, title="Weeks", description="How many, beside as many before them.")
]


@flow(persist_result=False)
def overview(weeks: Weeks = 1) -> Overview:
    """Writes the overview of the last weeks, up to when the run was to begin, so that none is counted twice.

    Args:
        weeks: how many, beside as many before them.

    Returns:
        The numbers.
    """
    until: datetime = flow_run.get_scheduled_start_time()
    found = site_overview(until - timedelta(weeks=weeks), until)
    create_markdown_artifact(markdown_page(found), "overview", summary(found))
    state: State[Overview] = Completed(message=summary(found), data=found)
    return cast(Overview, state)
