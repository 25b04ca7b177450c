"""What all contract suites have in common: how a broken promise is told."""


class ContractBroken(AssertionError):
    """A plugin does not do what every plugin of its sort must do; says what was expected and what came."""


def expect(condition: bool, message: str) -> None:
    """Raises `ContractBroken` with the message unless the condition holds."""
    if not condition:
        raise ContractBroken(message)
