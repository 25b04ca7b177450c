"""`python -m bench.live_contract DEVICE`: does the service keep what the submission rests on?

A loopback server cannot prove how IBM's service behaves. This asks the service itself, with the submission's
own verbs and IBM's own client:

1. tags: one as long as ours comes back whole, and how long one may be;
2. listing: how long after a POST was answered its job is listed, by tag and by batch;
3. a closed batch rejects a POST that comes after it was closed;
4. a closed batch rejects a POST that was on its way when it was closed: its headers were sent, its body not;
5. nothing appears later in a batch that was closed while POSTs were racing with the closing.

It says what it costs at most and asks before it sends anything. Jobs are one circuit of one shot, cancelled
as soon as they have been seen; one that ran nevertheless is charged about two seconds. The ledger and its
budgets do not know of them.
"""
