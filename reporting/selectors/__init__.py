"""What dashboards and reports read."""
