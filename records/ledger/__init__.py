"""The truth about cases, decisions, work, budgets and approvals, in SQL."""
