"""What is called from Python: one problem or many, in a program or in a notebook's running event loop.

Each call is a flow run of the calling process, on the Prefect server that is configured, else on that of
`tierwise serve` of the same home, whatever the current folder; where none is up, Prefect starts one for the
process.
"""

from flows.escalate import escalate_async
from flows.many import solve_many, solve_many_async
from flows.one import escalate

__all__ = ["escalate", "escalate_async", "solve_many", "solve_many_async"]
