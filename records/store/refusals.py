"""What an object store says when it refuses, or does not answer, in one line without addresses or secrets."""

import re
from dataclasses import dataclass

from escalation.model.errors import MachineFault
from records.store.places import SERVICES, SETTING, ObjectPlace


class StoreAway(MachineFault):
    """The store cannot be used now: its service, its bucket or the credential has to be put right."""

    exit_code = 2


@dataclass(frozen=True)
class _Rule:
    """What the library says where something is wrong, what that means, and what to do."""

    pattern: re.Pattern[str]
    reason: str
    advice: str


def refusal(place: ObjectPlace, error: BaseException, doing: str) -> StoreAway:
    """The error to raise for one of the library's: what it means, and what to do.

    The library's own words hold addresses, and with Azure the signature in them: they are never repeated.
    """
    said = f"{type(error).__name__}: {error}"
    what = SERVICES[place.scheme]
    for rule in _RULES:
        if rule.pattern.search(said):
            reason, advice = rule.reason.format(what=what), rule.advice.format(what=what)
            break
    else:
        reason, advice = (_status(said), _LOOK) if "Error performing" in said else _UNREAD
    return StoreAway(f"cannot {doing} the store {place.url}: {reason}; {advice}")


def no_bucket(error: Exception) -> bool:
    """Whether it is the bucket that is not there, and not an object in it."""
    return _NO_BUCKET.search(str(error)) is not None


def _status(said: str) -> str:
    """The service's own code, or that of HTTP, or the type of the error alone."""
    code = re.search(r"<Code>(\w{1,60})</Code>", said)
    status = re.search(r"status code: (\d{3} [A-Za-z ]{0,40})", said)
    found = [each.group(1).strip() for each in (status, code) if each]
    return ", ".join(found) or said.split(":", 1)[0]


def _rule(pattern: str, reason: str, advice: str) -> _Rule:
    return _Rule(re.compile(pattern, re.IGNORECASE), reason, advice)


_CREDENTIAL = (
    "set it in the environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, GOOGLE_APPLICATION_CREDENTIALS, "
    "or AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY"
)
_LOOK = f"look at the service, or set {SETTING} to another place"
_UNREAD = "what the environment says of it is not understood", "look at AWS_…, GOOGLE_… or AZURE_… there"
_NO_BUCKET = re.compile("NoSuchBucket|ContainerNotFound|bucket does not exist")
_RULES = (
    _rule(
        rf"{_NO_BUCKET.pattern}|PUT .* 404 Not Found",
        "there is no such {what}",
        f"make the {{what}}, or set {SETTING} to one that is there",
    ),
    _rule(
        "InvalidAccessKeyId|InvalidClientTokenId|SignatureDoesNotMatch|InvalidToken|ExpiredToken|"
        "AuthenticationFailed|Unauthenticated|401 Unauthorized",
        "the credential is not taken",
        _CREDENTIAL,
    ),
    _rule(
        r"169\.254\.169\.254|computeMetadata|token request|Missing(AccessKey|SecretAccessKey|Account)|"
        "must be specified|DecodeCredentials|ServiceAccount",
        "no usable credential was found",
        _CREDENTIAL,
    ),
    _rule(
        "AccessDenied|PermissionDenied|403 Forbidden",
        "the credential does not allow it",
        "have it given the right to read, write and list the {what}",
    ),
    _rule(
        "BadScheme",
        "its endpoint is plain http",
        "use https, or set AWS_ALLOW_HTTP=true where nobody else listens",
    ),
    _rule("kind: (Timeout|Interrupted)", "its service does not answer in time", "go on when it does"),
    _rule(
        "kind: (Connect|Dns)|error sending request|builder error|InvalidUri|PanicException",
        "its service cannot be reached",
        "see that it runs, and that endpoint and region are right in the environment",
    ),
)
