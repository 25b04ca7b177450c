"""IBM's client, connected: made once, one call at a time a thread, its errors turned into ours."""

import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from backends.ibm_runtime.account import Account, redact
from backends.ibm_runtime.transport import (
    Bearer,
    Captured,
    Exchange,
    Order,
    Sheet,
    Wire,
    mount,
    opt_out,
)
from backends.ibm_runtime.verdict import Refusals, of_call, of_post, the_post
from escalation.errors import BackendError, BadInput, TierwiseError
from escalation.handoff.service import NotAccepted

T = TypeVar("T")
_ENVIRONMENT = threading.Lock()


class _Sheets(threading.local):
    """A sheet for each thread."""

    def __init__(self) -> None:
        self.sheet = Sheet()


class Connection:
    """A connected client. Threads may share it: what a thread is allowed to send is its own.

    Attributes:
        account: who pays.
        service: the client's `QiskitRuntimeService`.
        client: the client's `RuntimeClient` for the account's instance: one call of it is one request.
    """

    def __init__(
        self, account: Account, timeout_s: tuple[float, float], refusals: Refusals | None = None
    ) -> None:
        """Connects: one access token and one list of devices.

        Args:
            account: who pays.
            timeout_s: to connect, and of silence.
            refusals: remembered over connections.

        Raises:
            escalation.errors.BackendError: when the service cannot be reached or does not let us in.
        """
        self.account = account
        self._sheets = _Sheets()
        self._wire = Wire(self._sheets, timeout_s)
        self._timeout_s = timeout_s
        self._bearers: list[Bearer] = []
        self._refusals = refusals or Refusals()
        self.service: Any = self.call(self._connect)
        self.client: Any = self.service._active_api_client
        if account.instance not in self.service._backends_info_per_instance:
            raise BackendError(f"{account.service}: its list of devices could not be read", retry=True)

    def call(self, function: Callable[[], T], order: Order | None = None) -> T:
        """Runs a call of the client.

        Raises:
            escalation.errors.BackendError: in place of whatever the client raises, its text without secrets.
        """
        values, error = self._attempt(function, order)
        failed: TierwiseError | None = of_call(self.exchanges, self._refusals)
        self._note()
        if isinstance(error, TierwiseError):
            failed = error
        elif failed is None and not values:
            failed = _odd(error, answered=bool(self.exchanges) and order is None)
        if failed is not None:
            raise self._cleaned(failed)
        return values[0]

    def post(self, order: Order, function: Callable[[], Any]) -> Exchange:
        """Runs the client's POST of a job under an order; returns its exchange, which names the job.

        Raises:
            escalation.handoff.service.NotAccepted: the service definitely has no job of it.
            escalation.handoff.service.InDoubt: it may have one.
        """
        _, error = self._attempt(function, order)
        failed: BackendError | None = of_post(self.exchanges, self._refusals)
        made = the_post(self.exchanges)
        self._note()
        if not self.exchanges:
            failed = NotAccepted(f"nothing was sent: {_odd(error)}", retry=False)
        if failed is not None or made is None:
            raise self._cleaned(failed or _odd(error))
        return made

    def capture(self, function: Callable[[], Any]) -> bytes:
        """Runs the client up to its POST of a job; returns the body it made. Nothing of it is sent.

        Raises:
            escalation.errors.BackendError: when it does not get that far.
        """

        def until_posted() -> None:
            with suppress(Captured):
                function()

        order = Order()
        self.call(until_posted, order)
        if not order.taken:
            raise BackendError("IBM's client made no request of the work, and did not say why")
        return order.taken

    @property
    def exchanges(self) -> Sequence[Exchange]:
        """The exchanges of this thread's last call."""
        return self._sheets.sheet.exchanges

    def clean(self, text: str) -> str:
        """Returns the text in one line, without secrets."""
        return redact(text, self.account.token)

    def clean_lines(self, text: str) -> str:
        """Returns a text of several lines without secrets."""
        return "\n".join(self.clean(line) for line in text.splitlines())

    def close(self) -> None:
        """Lets go of the sockets."""
        self._wire.close()

    def _attempt(self, function: Callable[[], T], order: Order | None) -> tuple[list[T], Exception | None]:
        self._sheets.sheet = Sheet(order=order)
        try:
            return [function()], None
        except Exception as error:  # the client raises errors of several libraries
            return [], error
        finally:
            self._sheets.sheet.order = None

    def _note(self) -> None:
        """Keeps refusals in mind; after one of the access token the next request fetches a fresh one."""
        for each in self.exchanges:
            self._refusals.note(each)
            if each.refusal == 401:
                for bearer in self._bearers:
                    bearer.forget()

    def _cleaned(self, failed: TierwiseError) -> TierwiseError:
        failed.args = (self.clean(str(failed)),)
        return failed

    def _connect(self) -> Any:
        opt_out()
        from qiskit_ibm_runtime import QiskitRuntimeService

        logging.getLogger("qiskit_ibm_runtime.qiskit_runtime_service").addFilter(_is_news)

        connection = self

        class Service(QiskitRuntimeService):  # type: ignore[misc]  # the client ships no types
            """The client's service, its sessions ours before their first request."""

            def _discover_backends_from_instance(self, instance: str) -> list[tuple[str, bool]]:
                connection._take(self._active_api_client)
                found: list[tuple[str, bool]] = super()._discover_backends_from_instance(instance)
                return found

        account = self.account
        resolver = {"url_resolver": lambda *_: account.url} if account.practice else {}
        with _environment(account):
            return Service(
                channel="ibm_quantum_platform",
                token=account.token.get_secret_value(),
                url=account.url,
                instance=account.instance,
                **account.connection,
                **resolver,
            )

    def _take(self, client: Any) -> None:
        """Mounts adapter and authorisation on a client's session; does nothing the second time."""
        session = client._session
        if isinstance(session.auth, Bearer):
            return
        bearer = mount(session, self._wire, self._sheets, self._timeout_s, self.account.practice)
        self._bearers.append(bearer)


def _odd(error: Exception | None, answered: bool = False) -> BackendError:
    """What the client raised by itself; where it had an answer and could not read it, it may ask again."""
    refuses = type(error).__module__.startswith("qiskit")
    return BackendError(f"{type(error).__name__}: {error}", retry=answered and not refuses)


def _is_news(record: logging.LogRecord) -> bool:
    """Whether the client says something that was not done on purpose, or that our own error says better."""
    said = record.getMessage()
    return "with the given token" not in said and "Invalid instance" not in said


@contextmanager
def _environment(account: Account) -> Iterator[None]:
    """Sets what the client reads from the environment alone while it connects to a practice service.

    `IAM_URL` is where API keys go, so with a real account it must be an https address, or unset.

    Raises:
        escalation.errors.BadInput: where it is another.
    """
    iam = os.environ.get("IAM_URL", "")
    if not account.practice:
        if iam and not iam.startswith("https://"):
            raise BadInput(f"IAM_URL: expected https, or unset, got {iam}; API keys are sent there")
        yield
        return
    wanted = {"IAM_URL": str(account.url), "QISKIT_FUNCTIONS_EXPERIMENTAL": "1"}
    with _ENVIRONMENT:
        before = {name: os.environ.get(name) for name in wanted}
        os.environ.update(wanted)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
