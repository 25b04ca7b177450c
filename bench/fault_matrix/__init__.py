"""What a submission survives: processes killed by SIGKILL at named points, under every fault of the service.

A cell is one piece of paid work, or a whole case on its way up the ladder, against a practice service that
was reset and given one fault. A process runs it with IBM's own client over HTTP, on a ledger on disk, and is
killed at a point; others take the work up again until it has its answer. What came of it is then read from
the service's own exact account.

    python -m bench.fault_matrix             # every cell; goes on where it was stopped
    python -m bench.fault_matrix --subset    # the covering array; the tests run a part a day
    python -m bench.fault_matrix --peers     # the same faults against other clients
"""
