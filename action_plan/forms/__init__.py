"""The shape of what people type about the plan."""
