"""IBM's client, connected: made once, one call at a time a thread, its errors turned into ours."""

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from backends.ibm_runtime.account import Account, redact
from backends.ibm_runtime.documents import parse
from backends.ibm_runtime.exchange import Exchange
from backends.ibm_runtime.outcomes import Refusals, job_post, outcome_of_call, outcome_of_post
from backends.ibm_runtime.rest import Request
from backends.ibm_runtime.transport import (
    Bearer,
    CallContext,
    Captured,
    NoRetryAdapter,
    PostPermit,
    mount,
    opt_out,
)
from escalation.model.errors import BackendError, BadInput, TierwiseError
from escalation.ports.paid import NotSent

T = TypeVar("T")
CHANNEL = "ibm_quantum_platform"
_ENVIRONMENT = threading.Lock()


class _Contexts(threading.local):
    """A context for each thread."""

    def __init__(self) -> None:
        self.context = CallContext()


class Connection:
    """A connected client. Threads may share it: what a thread is allowed to send is its own.

    Attributes:
        account: who pays.
        client: the client's `RuntimeClient` for the account's instance: one call of it is one request.
    """

    def __init__(
        self, account: Account, timeout_s: tuple[float, float], refusals: Refusals | None = None
    ) -> None:
        """Makes the client; nobody is asked yet.

        Args:
            account: who pays.
            timeout_s: to connect, and of silence.
            refusals: remembered over connections.

        Raises:
            BackendError: when the service cannot be reached or does not let us in.
        """
        self.account = account
        self._contexts = _Contexts()
        self._adapter = NoRetryAdapter(self._contexts, timeout_s)
        self._timeout_s = timeout_s
        self._bearers: list[Bearer] = []
        self._refusals = refusals or Refusals()
        self._service: Any = None
        self.client: Any = self.call(self._open)
        self._take(self.client)

    @property
    def service(self) -> Any:
        """The client's `QiskitRuntimeService`, made the first time: one list of devices.

        What follows a job does without.

        Raises:
            BackendError: when the service cannot be reached or does not let us in.
        """
        if self._service is None:
            made = self.call(self._connect)
            if self.account.instance not in made._backends_info_per_instance:
                reason = f"{self.account.service}: its list of devices could not be read"
                raise BackendError(reason, retry=True)
            self._service = made
        return self._service

    def call(self, function: Callable[[], T], permit: PostPermit | None = None) -> T:
        """Runs a call of the client.

        Raises:
            BackendError: in place of whatever the client raises, its text without secrets.
        """
        values, error = self._attempt(function, permit)
        failed: TierwiseError | None = outcome_of_call(self.exchanges, self._refusals)
        self._note()
        if isinstance(error, TierwiseError):
            failed = error
        elif failed is None and not values:
            failed = _odd(error, answered=bool(self.exchanges) and permit is None)
        if failed is not None:
            raise self._cleaned(failed)
        return values[0]

    def answer(self, request: Request) -> bytes:
        """Makes one request; returns the bytes of its answer.

        Raises:
            BackendError: when there is no whole answer, or it is a refusal.
        """
        self.call(lambda: request(self.client._session))
        return bytes(self.exchanges[-1].body)

    def document(self, request: Request, what: str) -> Mapping[str, Any]:
        """Makes one request; returns its answer as JSON.

        Raises:
            BackendError: when there is none; `Malformed` when it is no JSON object.
        """
        return parse(self.answer(request), what)

    def post(self, permit: PostPermit, function: Callable[[], Any]) -> Exchange:
        """Runs the client's POST of a job under a permit; returns its exchange, which names the job.

        Raises:
            escalation.ports.paid.NotSent: nothing left this machine.
            escalation.ports.paid.Answered: no job is known of it, and there may be one.
        """
        _, error = self._attempt(function, permit)
        failed: BackendError | None = outcome_of_post(self.exchanges, self._refusals)
        made = job_post(self.exchanges)
        self._note()
        if not self.exchanges:
            failed = NotSent(f"nothing was sent: {_odd(error)}", retry=False)
        if failed is not None or made is None:
            raise self._cleaned(failed or _odd(error))
        return made

    def capture(self, function: Callable[[], Any]) -> bytes:
        """Runs the client up to its POST of a job; returns the body it made. Nothing of it is sent.

        Raises:
            BackendError: when it does not get that far.
        """

        def until_posted() -> None:
            with suppress(Captured):
                function()

        permit = PostPermit()
        self.call(until_posted, permit)
        if not permit.taken:
            raise BackendError("IBM's client made no request of the work, and did not say why")
        return permit.taken

    @property
    def exchanges(self) -> Sequence[Exchange]:
        """The exchanges of this thread's last call."""
        return self._contexts.context.exchanges

    def clean(self, text: str) -> str:
        """Returns the text in one line, without secrets."""
        return redact(text, self.account.token)

    def clean_lines(self, text: str) -> str:
        """Returns a text of several lines without secrets."""
        return "\n".join(self.clean(line) for line in text.splitlines())

    def close(self) -> None:
        """Lets go of the sockets."""
        self._adapter.close()

    def _attempt(
        self, function: Callable[[], T], permit: PostPermit | None
    ) -> tuple[list[T], Exception | None]:
        self._contexts.context = CallContext(permit=permit)
        try:
            return [function()], None
        except Exception as error:  # the client raises errors of several libraries
            return [], error
        finally:
            self._contexts.context.permit = None

    def _note(self) -> None:
        """Keeps refusals in mind; after one of the access token the next request fetches a fresh one."""
        for exchange in self.exchanges:
            self._refusals.note(exchange)
            if exchange.refusal == 401:
                for bearer in self._bearers:
                    bearer.forget()

    def _cleaned(self, failed: TierwiseError) -> TierwiseError:
        failed.args = (self.clean(str(failed)),)
        return failed

    def _open(self) -> Any:
        opt_out()
        from qiskit_ibm_runtime.accounts.account import IBM_QUANTUM_PLATFORM_API_URL
        from qiskit_ibm_runtime.api.client import RuntimeClient
        from qiskit_ibm_runtime.api.client_parameters import ClientParameters

        account, proxies = self.account, self.account.connection.get("proxies")
        if proxies:
            from qiskit_ibm_runtime.proxies import ProxyConfiguration

            proxies = ProxyConfiguration(**proxies)
        known = {name: value for name, value in account.connection.items() if name != "proxies"}
        with _environment(account):
            return RuntimeClient(
                ClientParameters(
                    channel=CHANNEL,
                    token=account.token.get_secret_value(),
                    url=account.url or IBM_QUANTUM_PLATFORM_API_URL,
                    instance=account.instance,
                    proxies=proxies,
                    **known,
                    **self._resolver(),
                )
            )

    def _resolver(self) -> dict[str, Any]:
        return {"url_resolver": lambda *_: self.account.url} if self.account.practice else {}

    def _connect(self) -> Any:
        opt_out()
        from qiskit_ibm_runtime import QiskitRuntimeService

        logging.getLogger("qiskit_ibm_runtime.qiskit_runtime_service").addFilter(_is_news)

        connection = self

        class RuntimeService(QiskitRuntimeService):  # type: ignore[misc]  # the client ships no types
            """The client's service, its sessions ours before their first request."""

            def _discover_backends_from_instance(self, instance: str) -> list[tuple[str, bool]]:
                connection._take(self._active_api_client)
                listed: list[tuple[str, bool]] = super()._discover_backends_from_instance(instance)
                return listed

        account = self.account
        with _environment(account):
            return RuntimeService(
                channel=CHANNEL,
                token=account.token.get_secret_value(),
                url=account.url,
                instance=account.instance,
                **account.connection,
                **self._resolver(),
            )

    def _take(self, client: Any) -> None:
        """Mounts adapter and authorisation on a client's session; does nothing the second time."""
        session = client._session
        if isinstance(session.auth, Bearer):
            return
        bearer = mount(session, self._adapter, self._contexts, self._timeout_s, self.account.practice)
        if self._bearers:  # all sessions are of one account, and share its access token
            session.auth = self._bearers[0]
        else:
            self._bearers.append(bearer)


def _odd(error: Exception | None, answered: bool = False) -> BackendError:
    """Error raised by the client; where it had an answer and could not read it, it may ask again."""
    refuses = type(error).__module__.startswith("qiskit")
    return BackendError(f"{type(error).__name__}: {error}", retry=answered and not refuses)


def _is_news(record: logging.LogRecord) -> bool:
    """Whether the client says something that was not done on purpose, or that our own error says better."""
    message = record.getMessage()
    return "with the given token" not in message and "Invalid instance" not in message


@contextmanager
def _environment(account: Account) -> Iterator[None]:
    """Sets what the client reads from the environment alone while it connects to a practice service.

    `IAM_URL` is where API keys go, so with a real account it must be an https address, or unset.

    Raises:
        BadInput: where it is another.
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
