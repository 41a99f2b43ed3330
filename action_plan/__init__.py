"""The Social Value Action Plan, its maturity index and the Steering Group that keeps it."""
