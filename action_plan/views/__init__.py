"""Pages of the Action Plan."""
