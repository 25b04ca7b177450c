"""What holds inside the block in which something is lent."""

from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    get_current_settings,
    temporary_settings,
)

from flows.lending import lending


def test_no_heartbeats_are_sent_and_every_other_setting_stays() -> None:
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        before = get_current_settings().model_dump()
        with lending():
            inside = get_current_settings().model_dump()
        assert get_current_settings().model_dump() == before
    assert before["flows"].pop("heartbeat_frequency") is not None
    assert inside["flows"].pop("heartbeat_frequency") is None
    assert inside == before


def test_heartbeats_that_somebody_asks_for_are_sent() -> None:
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: 77}), lending():
        assert get_current_settings().flows.heartbeat_frequency == 77
