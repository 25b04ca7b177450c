"""What ran in a case, as actions, steps and tools of a Provenance Run Crate."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple

from escalation.model.attempt import AttemptStatus
from escalation.model.calibration import PRACTICE_MONEY, DeviceKind
from escalation.model.case import CaseStatus
from escalation.model.metered import METERED
from records.export.payload import ExportPayload

Entity = dict[str, Any]
HOME = "https://tierwise.invalid"
"""Of what has no page of its own: a name that leads nowhere, by RFC 2606."""
SITE, WORKFLOW, LANGUAGE = "#site", "policy.yaml", f"{HOME}/policy-language"
PARAMETERS = {"problem.json": "input", "outcome.json": "output"}
UNITS = {"s": "SEC", "h": "HUR"}
"""Of UN/CEFACT; a currency is its own."""
_BIOSCHEMAS = "https://bioschemas.org/profiles"
_STATUS = {True: "http://schema.org/CompletedActionStatus", False: "http://schema.org/FailedActionStatus"}


class RunStep(NamedTuple):
    """A step that was carried out.

    Attributes:
        id: of the action, without its `#`.
        tool: what ran, its path below `HOME`.
        name: in words.
        description: more of them.
        started: time of the ledger.
        ended: likewise.
        result: path of the file that has it.
        error: where it failed.
        usage: amounts by name.
        practice: whether the money among these is a practice service's.
    """

    id: str
    tool: str
    name: str
    description: str
    started: str
    ended: str
    result: str
    error: str | None = None
    usage: Mapping[str, float] = {}
    practice: bool = False


class CaseRun:
    """The run of a case."""

    def __init__(self, found: ExportPayload) -> None:
        """Of the payload of its export."""
        self._found, self.case_id = found, found.case_id
        self._events = found.events
        self.version = str(found.info["environment"].get("commit") or "0.1.0")

    @property
    def actions(self) -> list[str]:
        """The ids of what was run, the whole first."""
        return ["#run", *(f"#{each.id}" for each in self.steps)]

    @cached_property
    def steps(self) -> list[RunStep]:
        """The opening, then each decision with the attempt that followed, if it is over."""
        opened = self._events[0]["at"]
        ran = [
            RunStep(
                "open", "open", "Opening of the case", self._found.info["asked"], opened, opened, "cases.json"
            )
        ]
        attempts = {row["number"]: row["attempt"] for row in self._found.read("attempts.json")}
        for row in self._found.read("decisions.json"):
            number, at = row["number"], self._at("decision.added", row["number"])
            ran.append(_decided(row["decision"], at))
            if number in attempts:
                ran.append(self._attempted(attempts[number], at, self._at("attempt.added", number)))
        return ran

    def _at(self, kind: str, number: int) -> str:
        return next(str(e["at"]) for e in self._events if e["kind"] == kind and e["body"]["number"] == number)

    def _attempted(self, attempt: Mapping[str, Any], started: str, ended: str) -> RunStep:
        failed = attempt["status"] == AttemptStatus.FAILED
        method = f"{attempt['tier']}/{attempt['method']}"
        return RunStep(
            f"attempt-{attempt['number']}",
            f"methods/{self._found.family}/{method}",
            f"Attempt {attempt['number']}: {method} on {attempt['backend']}",
            f"{attempt['status']}, seed {attempt['seed']}, {attempt['device_kind']}",
            started,
            ended,
            "attempts.json",
            str(attempt["error"]) if failed else None,
            {each.name: attempt["cost"].get(each.name, 0.0) for each in METERED},
            attempt["device_kind"] == DeviceKind.PRACTICE,
        )

    def entities(self, made: str) -> Iterator[Entity]:
        """All that describes the run, as of when the export is made."""
        tools = dict.fromkeys(each.tool for each in self.steps)
        yield self._workflow([*tools]) | {"sdDatePublished": made}
        yield {"@id": LANGUAGE, "@type": "ComputerLanguage", "name": "Policy of Tierwise", "url": LANGUAGE}
        for path in PARAMETERS:
            yield _formal(path)
        for position, tool in enumerate(tools):
            yield self._tool(tool)
            yield {
                "@id": _step(tool), "@type": "HowToStep", "name": tool, "position": str(position),
                "workExample": _ref(f"{HOME}/{tool}"),
            }  # fmt: skip
        yield self._run()
        yield self._tool("ladder")
        yield {
            "@id": "#ladder",
            "@type": "OrganizeAction",
            "name": "The ladder",
            "agent": _ref(SITE),
            "instrument": _ref(f"{HOME}/ladder"),
            "object": [_ref(f"#control-{each.id}") for each in self.steps],
            "result": _ref("#run"),
        }
        for each in self.steps:
            yield from _carried_out(each)
        yield from self._approvals()

    def _workflow(self, tools: list[str]) -> Entity:
        info, text = self._found.info, self._found.files[WORKFLOW]
        return {
            "@id": WORKFLOW,
            "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
            "name": f"The policy {info['policy_name']}",
            "version": info["policy_digest"],
            "url": f"{HOME}/policies/{info['policy_digest']}",
            "encodingFormat": "application/yaml",
            "contentSize": str(len(text)),
            "programmingLanguage": _ref(LANGUAGE),
            "conformsTo": _ref(f"{_BIOSCHEMAS}/ComputationalWorkflow/1.0-RELEASE"),
            "hasPart": [_ref(f"{HOME}/{tool}") for tool in tools],
            "step": [_ref(_step(tool)) for tool in tools],
            **{side: _ref(parameter(path)) for path, side in PARAMETERS.items()},
        }

    def _tool(self, tool: str) -> Entity:
        link = f"{HOME}/{tool}"
        return {
            "@id": link, "@type": "SoftwareApplication", "name": f"Tierwise: {tool}", "url": link,
            "softwareVersion": self.version,
        }  # fmt: skip

    def _run(self) -> Entity:
        status, closed = CaseStatus(self._found.row["status"]), self._found.row["closed_at"]
        data = [path for path, words in self._found.paths.items() if words[0].startswith("data ")]
        answer = [
            path for path, words in self._found.paths.items() if words[0].startswith(("answer ", "report."))
        ]
        action: Entity = {
            "@id": "#run",
            "@type": "CreateAction",
            "name": f"Case {self.case_id}",
            "description": f"{self._found.info['asked']}: {status}",
            "agent": _ref(SITE),
            "instrument": _ref(WORKFLOW),
            "startTime": _moment(self._events[0]["at"]),
            "endTime": _moment(closed or self._events[-1]["at"]),
            "object": [_ref(path) for path in ("problem.json", "environment.json", *data)],
            "result": [_ref(path) for path in ("outcome.json", *answer)],
        }
        if status.final or status is CaseStatus.FAILED:
            action["actionStatus"] = _STATUS[status.final]
        if status is CaseStatus.FAILED:
            action["error"] = "The case failed: a program of the site raised an error"
        return action

    def _approvals(self) -> Iterator[Entity]:
        for row in self._found.read("approvals.json"):
            asked, link = row["approval"], f"#approval-{row['approval_id']}"
            answered = asked["answered_at"]
            yield {
                "@id": link,
                "@type": "AuthorizeAction",
                "name": f"Question {row['approval_id']}: {row['state']}",
                "object": _ref("handoffs.json"),
                "result": _ref("approvals.json"),
                **({"agent": _ref(f"{link}-by"), "endTime": _since_epoch(answered)} if answered else {}),
            }
            if answered:
                yield {"@id": f"{link}-by", "@type": "Person", "name": asked["by"] or "unnamed"}


def _decided(decision: Mapping[str, Any], at: str) -> RunStep:
    number, action = decision["number"], decision["action"]
    what = f"{action} {decision['tier'] or ''}/{decision['method'] or ''}".rstrip("/ ")
    return RunStep(
        f"decision-{number}",
        "decide",
        f"Decision {number}: {what}",
        decision["because"],
        at,
        at,
        "decisions.json",
    )


def _carried_out(ran: RunStep) -> Iterator[Entity]:
    usage = {f"#{ran.id}-{each.name}": each for each in METERED if ran.usage.get(each.name)}
    for link, each in usage.items():
        money = f" ({PRACTICE_MONEY})" if ran.practice and each.name == "usd" else ""
        yield {
            "@id": link, "@type": "PropertyValue", "name": each.words + money,
            "value": str(ran.usage[each.name]),
            "propertyID": f"{HOME}/amounts/{each.name}", "unitCode": UNITS.get(each.unit, each.unit),
        }  # fmt: skip
    yield {
        "@id": f"#{ran.id}",
        "@type": "CreateAction",
        "name": ran.name,
        "description": ran.description or ran.name,
        "agent": _ref(SITE),
        "instrument": _ref(f"{HOME}/{ran.tool}"),
        "startTime": _moment(ran.started),
        "endTime": _moment(ran.ended),
        "object": _ref("problem.json"),
        "result": _ref(ran.result),
        "actionStatus": _STATUS[ran.error is None],
        **({"error": ran.error} if ran.error is not None else {}),
        **({"resourceUsage": [_ref(link) for link in usage]} if usage else {}),
    }
    yield {
        "@id": f"#control-{ran.id}", "@type": "ControlAction", "name": f"Control of {ran.id}",
        "instrument": _ref(_step(ran.tool)), "object": _ref(f"#{ran.id}"),
    }  # fmt: skip


def _formal(path: str) -> Entity:
    return {
        "@id": parameter(path), "@type": "FormalParameter", "name": path.partition(".")[0],
        "additionalType": "File", "workExample": _ref(path), "encodingFormat": "application/json",
        "conformsTo": _ref(f"{_BIOSCHEMAS}/FormalParameter/1.0-RELEASE"),
    }  # fmt: skip


def parameter(path: str) -> str:
    """The id of the workflow's parameter that a file is an example of."""
    return f"#parameter-{path.partition('.')[0]}"


def _step(tool: str) -> str:
    return f"#step-{tool.replace('/', '-')}"


def _ref(name: str) -> Entity:
    return {"@id": name}


def _moment(text: str) -> str:
    """A time of the ledger as the profile wants it, to the millisecond."""
    return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="milliseconds")


def _since_epoch(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
