"""A real S3 server for the tests: moto's, in an environment of its own; every request's signature is checked.

It shares no code with what asks it: moto is Python (werkzeug, and botocore's description of the service), the
client is Rust (object_store).
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from records.ledger.locking import file_lock
from tests.debian import Missing

PACKAGES = ("moto[s3]==5.2.5", "flask==3.1.3", "flask-cors==6.0.5")
BUCKET = "tierwise"
_FOLDER = Path(tempfile.gettempdir()) / f"tierwise-tests-{PACKAGES[0].replace('[s3]==', '-')}-{os.geteuid()}"
_PATIENCE_S = 120.0
_VERSIONED = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class S3:
    """A server with one bucket, which counts the versions of an object, and one user who may use it.

    Attributes:
        url: what `TIERWISE_STORE_URL` is set to.
        environment: where the server is, and the user's key.
        process: the server.
    """

    url: str
    environment: Mapping[str, str]
    process: "subprocess.Popen[bytes]"


@contextmanager
def serving_s3(prefix: str = "store") -> Iterator[S3]:
    """Starts a server on a free port of the loopback address; stops it by its process id.

    Raises:
        Missing: when it cannot be installed.
    """
    program = _program()
    port = _free_port()
    endpoint = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryFile() as log:
        server: subprocess.Popen[bytes] = subprocess.Popen(
            [str(program), "-H", "127.0.0.1", "-p", str(port)],
            env={"PATH": os.defpath, "MOTO_IAM_LOAD_MANAGED_POLICIES": "false"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            _await_answer(server, endpoint)
            key = _set_up(endpoint)
            yield S3(f"s3://{BUCKET}/{prefix}", key | _known(endpoint), server)
        finally:
            server.send_signal(signal.SIGKILL)
            server.wait(30)


def _known(endpoint: str) -> dict[str, str]:
    return {"AWS_ENDPOINT_URL": endpoint, "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1"}


def _program() -> Path:
    """moto's server, installed where it is missing; each version has its folder, which appears whole."""
    program = _FOLDER / "bin" / "moto_server"
    with file_lock(Path(f"{_FOLDER}.lock")):
        if not program.exists():
            _install()
    return program


def _install() -> None:
    uv = Path(sys.executable).parent / "uv"
    shutil.rmtree(_FOLDER, ignore_errors=True)
    try:
        for command in (
            ["venv", "--quiet", "--python", sys.executable, str(_FOLDER)],
            ["pip", "install", "--quiet", "--python", str(_FOLDER / "bin" / "python"), *PACKAGES],
        ):
            subprocess.run(
                [str(uv), *command], capture_output=True, text=True, check=True, timeout=_PATIENCE_S
            )
    except (OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(_FOLDER, ignore_errors=True)
        said = str(getattr(error, "stderr", "") or error).strip().splitlines()
        raise Missing(f"{PACKAGES[0]} could not be installed with uv: {said[-1]}") from None


def _set_up(endpoint: str) -> dict[str, str]:
    """Makes the bucket and a user with a key; from then on nothing is answered without one."""
    _ask(f"{endpoint}/{BUCKET}", "PUT")
    _ask(f"{endpoint}/{BUCKET}?versioning", "PUT", _VERSIONED)
    _iam(endpoint, "CreateUser", UserName="worker")
    allowed = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    _iam(endpoint, "PutUserPolicy", UserName="worker", PolicyName="s3", PolicyDocument=policy)
    said = _iam(endpoint, "CreateAccessKey", UserName="worker")
    _ask(f"{endpoint}/moto-api/reset-auth", "POST", b"0")
    found = {name: re.search(rf"<{name}>(.*?)</{name}>", said) for name in ("AccessKeyId", "SecretAccessKey")}
    key = {name: match.group(1) for name, match in found.items() if match}
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def _iam(endpoint: str, action: str, **parameters: str) -> str:
    data = urlencode({"Action": action, "Version": "2010-05-08", **parameters}).encode()
    return _ask(f"{endpoint}/", "POST", data)


def _ask(url: str, method: str, data: bytes | None = None) -> str:
    service = "iam" if url.endswith("/") else "s3"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential=root/20260101/us-east-1/{service}/aws4_request"}
    if service == "s3":  # or the body of what moto reads itself would pass for a form's
        headers["Content-Type"] = "text/plain"
    request = urllib.request.Request(url, data, headers, method=method)
    with _NO_PROXY.open(request, timeout=30) as answer:
        return str(answer.read().decode())


def _await_answer(server: "subprocess.Popen[bytes]", endpoint: str) -> None:
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            _NO_PROXY.open(f"{endpoint}/moto-api/", timeout=30).close()
            return
        except (urllib.error.URLError, OSError) as error:
            if server.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"moto's server did not start: {error}") from None
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
