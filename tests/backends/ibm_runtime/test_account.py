"""Where the token comes from, and that it goes nowhere else."""

import io
import json
import logging
import subprocess
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from backends.ibm_runtime import account as accounts
from backends.ibm_runtime.account import find_account, redact
from backends.ibm_runtime.service import ServiceBackend
from backends.ibm_runtime.settings import IbmSettings
from escalation.inputs.settings import ROOT, Settings
from escalation.model.errors import BadInput, TierwiseError
from escalation.model.identity import canonical_json
from escalation.model.kinds.circuit_batch import CircuitBatch
from escalation.model.submission import Payload, RemoteJob
from escalation.ports import configuration
from practice import FaultRule, Practice

TAG = "tierwise:test"
CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/1:2::"
PLANTED = "planted-0123456789-api-key"
DEVICE = "ibm_fez"


@pytest.fixture
def account_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The client's account file, and nothing else to find a token in."""
    from qiskit_ibm_runtime.accounts import management

    path = tmp_path / "qiskit-ibm.json"
    monkeypatch.setattr(management, "_DEFAULT_ACCOUNT_CONFIG_JSON_FILE", str(path))
    monkeypatch.setattr(configuration, "SECRET_STORES", [])
    for name in (
        "QISKIT_IBM_TOKEN",
        "QISKIT_IBM_INSTANCE",
        "QISKIT_IBM_URL",
        "QISKIT_IBM_CHANNEL",
        "IAM_URL",
    ):
        monkeypatch.delenv(name, raising=False)
    return path


def save(path: Path, **known: Any) -> None:
    from qiskit_ibm_runtime import QiskitRuntimeService

    QiskitRuntimeService.save_account(filename=str(path), overwrite=True, **known)


def token(found: accounts.Account) -> str:
    return found.token.get_secret_value()


def test_without_token_or_instance_one_line_says_how_to_set_them(account_file: Path) -> None:
    said = r"no token for IBM Quantum: set TIERWISE_IBM_TOKEN .* 'tierwise-ibm-token'.*save_account"
    with pytest.raises(BadInput, match=said) as caught:
        find_account(Settings(), DEVICE)
    assert "\n" not in str(caught.value)
    with pytest.raises(BadInput, match=r"no instance that pays: set TIERWISE_IBM_INSTANCE .*save_account"):
        find_account(Settings().having(IbmSettings(ibm_token=SecretStr("a"))), DEVICE)
    with pytest.raises(BadInput, match=r"expected the CRN \(crn:…\) of the instance that pays, got 'my-own'"):
        find_account(Settings().having(IbmSettings(ibm_token=SecretStr("a"), ibm_instance="my-own")), DEVICE)


def test_the_backend_says_so_when_it_is_first_asked(account_file: Path, bell: CircuitBatch) -> None:
    backend = ServiceBackend(Settings(), DEVICE)
    assert (backend.available(), backend.queue_s()) == (None, None)
    with pytest.raises(BadInput, match="no token for IBM Quantum"):
        backend.estimate(bell)


def test_settings_come_before_providers_and_those_before_the_account_file(account_file: Path) -> None:
    save(account_file, token="saved", instance=CRN, channel="ibm_quantum_platform")
    assert token(find_account(Settings(), DEVICE)) == "saved"
    configuration.SECRET_STORES.extend(
        [lambda _: None, lambda _: SecretStr(""), {"tierwise-ibm-token": SecretStr("block")}.get]
    )
    found = find_account(Settings(), DEVICE)
    assert (token(found), found.instance, found.practice) == ("block", CRN, False)
    given = Settings().having(
        IbmSettings(ibm_token=SecretStr("given"), ibm_instance=CRN.replace("a/1", "a/9"))
    )
    assert (token(find_account(given, DEVICE)), find_account(given, DEVICE).instance) == (
        "given",
        CRN.replace("a/1", "a/9"),
    )


def test_an_account_is_chosen_by_its_name(account_file: Path) -> None:
    save(account_file, token="saved", instance=CRN, channel="ibm_quantum_platform", name="mine", verify=False)
    found = find_account(Settings().having(IbmSettings(ibm_account="mine")), DEVICE)
    assert (token(found), found.instance, found.service) == ("saved", CRN, "https://cloud.ibm.com")
    with pytest.raises(BadInput, match="no saved account named 'yours'"):
        find_account(Settings().having(IbmSettings(ibm_account="yours")), DEVICE)


def test_a_broken_account_file_is_not_quoted(account_file: Path) -> None:
    account_file.write_text(json.dumps({"x": PLANTED})[:-3])
    with pytest.raises(
        BadInput, match="account file of IBM's client cannot be read: JSONDecodeError"
    ) as caught:
        find_account(Settings(), DEVICE)
    assert PLANTED not in "".join(traceback.format_exception(caught.value))


def test_a_key_is_not_sent_where_anybody_can_read_it(
    account_file: Path, monkeypatch: pytest.MonkeyPatch, bell: CircuitBatch
) -> None:
    save(account_file, token="saved", instance=CRN, url="http://127.0.0.1:9", channel="ibm_quantum_platform")
    with pytest.raises(BadInput, match="expected a saved account at an https address"):
        find_account(Settings(), DEVICE)
    monkeypatch.setenv("IAM_URL", "http://127.0.0.1:9")
    backend = ServiceBackend(
        Settings().having(IbmSettings(ibm_token=SecretStr("a"), ibm_instance=CRN)), DEVICE
    )
    with pytest.raises(BadInput, match="IAM_URL: expected https, or unset"):
        backend.estimate(bell)


def test_a_practice_service_is_shown_no_key_not_meant_for_it(account_file: Path, practice: Practice) -> None:
    save(account_file, token="saved", instance=CRN, channel="ibm_quantum_platform")
    configuration.SECRET_STORES.append(lambda _: SecretStr("block"))
    found = find_account(Settings().having(IbmSettings(ibm_url=practice.url)), "practice_fez")
    assert (token(found), found.instance) == (practice.token, practice.instance)


def test_redaction_takes_out_secrets_and_what_looks_like_one() -> None:
    text = f"key {PLANTED}\nAuthorization: Bearer abc.def apikey xyz, token eyJhbGciOi.eyJzdWIi.c2ln end"
    hidden = "key (hidden) Authorization: (hidden) (hidden), token (hidden) end"
    assert redact(text, SecretStr(PLANTED)) == hidden
    assert (
        redact("proxy http://me:word@10.0.0.1:3128/ failed") == "proxy http://(hidden)@10.0.0.1:3128/ failed"
    )


# the whole way with a planted token, everything written looked through


class Everything(logging.Handler):
    """Keeps every record of every logger, formatted with its exception."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record) + repr(record.args))


LOGGERS = (
    "",
    "urllib3",
    "requests",
    "qiskit",
    "qiskit_ibm_runtime",
    "ibm-cloud-sdk-core",
    "ibm_cloud_sdk_core",
)


@contextmanager
def listening() -> Iterator[Everything]:
    handler = Everything()
    loggers = [logging.getLogger(name) for name in LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.addHandler(handler)
    try:
        yield handler
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
            logger.removeHandler(handler)


def tell(error: BaseException) -> str:
    """All that could be printed of an exception: text, arguments, causes, and the locals of our frames."""
    told = [*traceback.format_exception(error), repr(error), repr(error.args), repr(vars(error))]
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    ours = [
        frame for frame in frames if "/backends/ibm_runtime/" in frame.f_code.co_filename.split("tests")[0]
    ]
    assert ours
    return "".join([*told, *(repr(frame.f_locals) for frame in ours)])


FAILURES = (
    ("token", "unauthorised"),
    ("token", "http_500_before"),
    ("token", "corrupt_json"),
    ("token", "reset_before"),
    ("status", "unauthorised"),
    ("properties", "http_503_before"),
    ("sessions.post", "corrupt_bytes"),
    ("jobs.post", "http_500_before"),
    ("jobs.post", "reset_before"),
    ("jobs.post", "quota"),
    ("jobs.list", "truncated"),
    ("jobs.get", "not_found"),
)


def test_the_token_is_in_nothing_that_is_written(
    practice: Practice,
    open_device: Callable[..., ServiceBackend],
    finish: Callable[[ServiceBackend, str], RemoteJob],
    bell: CircuitBatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    written: list[str] = []

    def attempt(call: Callable[[], Any]) -> None:
        try:
            written.append(repr(call()))
        except TierwiseError as error:
            written.append(tell(error))

    with listening() as log, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        backend = open_device(ibm_token=SecretStr(PLANTED))
        price = backend.price(bell)
        payload = backend.freeze(bell, TAG, price)
        batch = backend.open_batch()
        job = finish(backend, backend.send(payload, batch).job_id)
        raw = backend.fetch(job)
        result = backend.read(bell, payload, job, raw)
        kept = {**result.evidence, **backend.evidence(job.job_id)}
        facts = backend.facts_of(job)
        written += [repr(each) for each in (backend.__dict__, price, payload, job, backend.settings, facts)]
        written += [canonical_json(result.to_json()).decode(), canonical_json(dict(facts)).decode()]
        written += [
            blob.data.decode("latin1") for blob in (*kept.values(), *result.files.values(), payload.body)
        ]
        for call, fault in FAILURES:
            practice.control.clear()
            practice.control.inject(FaultRule(call, fault, count=None))
            other = open_device(ibm_token=SecretStr(PLANTED))
            for verb in failing(other, bell, payload, batch, job):
                attempt(verb)
        command = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    out = capfd.readouterr()
    written += [*log.lines, *(str(each.message) for each in warned), out.out, out.err, command, raw.decode()]
    written.append(json.dumps(practice.control.log()))
    assert len(log.lines) > 100  # the loggers were listened to
    access = backend._device().connection._bearers[0]._cloud.tm.access_token
    for secret in (PLANTED, access):
        spots = [(number, text.find(secret)) for number, text in enumerate(written) if secret in text]
        assert not spots, [written[number][max(0, at - 200) : at + 20] for number, at in spots][:3]


def failing(
    backend: ServiceBackend, bell: CircuitBatch, payload: Payload, batch: str, job: RemoteJob
) -> list[Callable[[], Any]]:
    return [
        backend.available,
        backend.calibration,
        lambda: backend.estimate(bell),
        backend.open_batch,
        lambda: backend.send(payload, batch),
        lambda: backend.find(TAG, [batch]),
        lambda: backend.look(job.job_id),
    ]


class Echo(BaseHTTPRequestHandler):
    """Answers every call with what it was sent, as a careless service might."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        said = b"you sent " + body + repr(dict(self.headers)).encode()
        self.send_response(400)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


def test_a_service_that_gives_the_key_back_does_not_get_it_into_our_words(
    tmp_path: Path, bell: CircuitBatch
) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        own = IbmSettings(ibm_url=url, ibm_token=SecretStr(PLANTED))
        backend = ServiceBackend(Settings(home=tmp_path).having(own), "practice_fez")
        with listening() as log, pytest.raises(TierwiseError, match="identity/token") as caught:
            backend.estimate(bell)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(60)
    assert "you sent" in str(caught.value)
    assert not [text for text in (*log.lines, tell(caught.value)) if PLANTED in text]


def test_the_token_is_not_pickled_printed_or_dumped() -> None:
    found = find_account(
        Settings().having(IbmSettings(ibm_token=SecretStr(PLANTED), ibm_instance=CRN)), DEVICE
    )
    printed = io.StringIO()
    print(found, Settings().having(IbmSettings(ibm_token=SecretStr(PLANTED))), file=printed)
    assert PLANTED not in printed.getvalue()


def test_finding_an_account_with_everything_given_imports_no_client() -> None:
    code = (
        "import sys; from escalation.inputs.settings import Settings;"
        "from backends.ibm_runtime.account import find_account;"
        "from backends.ibm_runtime.settings import IbmSettings;"
        f"known = Settings().having(IbmSettings(ibm_token='a', ibm_instance={CRN!r}));"
        f"find_account(known, {DEVICE!r});"
        "from backends.ibm_runtime.backend import open_backend; open_backend(Settings(), 'ibm_fez');"
        "print([m for m in sys.modules if m.startswith(('qiskit', 'requests'))])"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert said.stdout.strip() == "[]"
