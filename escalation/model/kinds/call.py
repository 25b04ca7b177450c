"""What calls of a function have in common, wherever they run."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from escalation.model.blob import Blob
from escalation.model.resources import Resources
from escalation.model.work import Get, Json, Work


class Call(Work):
    """A call of a top-level function by its name; a dataclass of that name, params, inputs and resources.

    Attributes:
        names: the field that holds the name of the function, `package.module:name`.
        params: plain JSON data.
        inputs: named bytes.
    """

    names: ClassVar[str]

    if TYPE_CHECKING:

        @property
        def params(self) -> Mapping[str, Any]: ...

        @property
        def inputs(self) -> Mapping[str, Blob]: ...

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            self.names: getattr(self, self.names),
            "params": dict(self.params),
            "inputs": {name: blob.digest for name, blob in self.inputs.items()},
            "resources": self.resources.to_json(),
        }

    @classmethod
    def from_json(cls, data: Json, resources: Resources, get: Get) -> Self:
        inputs = {name: Blob(get(digest), digest) for name, digest in data["inputs"].items()}
        made: Any = cls
        return cast(Self, made(data[cls.names], data["params"], inputs, resources))

    def blobs(self) -> Iterator[bytes]:
        for blob in self.inputs.values():
            yield blob.data
