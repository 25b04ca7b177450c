"""What every family gets for nothing from the records: its cases are exported, verified and replayed."""
