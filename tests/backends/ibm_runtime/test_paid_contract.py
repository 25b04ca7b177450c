"""A device at a practice service keeps the contract of backends that charge; the contract notices a cheat."""

from collections.abc import Callable, Sequence

import pytest

from backends.ibm_runtime.descriptor import DESCRIPTOR
from backends.ibm_runtime.service import ServiceBackend
from backends.ibm_runtime.settings import IbmSettings
from escalation.inputs.settings import Settings
from escalation.model.submission import Payload, Price, RemoteJob
from escalation.model.work import Work
from escalation.testing.contract import ContractBroken
from escalation.testing.paid import check_paid_backend
from practice import Practice


def test_a_device_at_the_service_keeps_the_contract(open_device: Callable[..., ServiceBackend]) -> None:
    check_paid_backend(lambda: open_device("practice_kingston"), DESCRIPTOR.accepts)


def test_a_real_device_is_not_put_to_it() -> None:
    with pytest.raises(ContractBroken, match="expected a practice service under the contract, got hardware"):
        check_paid_backend(lambda: ServiceBackend(Settings(), "ibm_fez"))


class Cheat(ServiceBackend):
    """Breaks the contract: it sends twice, its caps have no room, it confirms anything, finds by batch."""

    def send(self, payload: Payload, batch: str) -> RemoteJob:
        super().send(payload, batch)
        return super().send(payload, batch)

    def price(self, work: Work) -> Price:
        price = super().price(work)
        return price.model_copy(update={"cap": price.cap.but(qpu_s=price.expected.qpu_s)})

    def close_batch(self, batch: str) -> bool:
        return True

    def find(self, tag: str, batches: Sequence[str]) -> tuple[RemoteJob, ...]:
        return super().find(tag, batches) if batches else ()


def test_the_contract_names_every_broken_promise(practice: Practice) -> None:
    settings = Settings().having(IbmSettings(ibm_url=practice.url, usd_per_qpu_s=1.6))
    with pytest.raises(ContractBroken) as caught:
        check_paid_backend(lambda: Cheat(settings, "practice_boston"))
    lines = str(caught.value).splitlines()
    assert lines[0] == "backend 'ibm_runtime:practice_boston' breaks its contract:"
    broken = {line.removeprefix("- ").partition(":")[0] for line in lines[1:]}
    assert broken == {
        "a_price_has_a_cap_and_agrees_with_the_quote",
        "one_post_is_one_job_that_is_found_again",
        "a_job_is_found_by_its_batch",
        "a_closed_batch_takes_no_job",
    }
