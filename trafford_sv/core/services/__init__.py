"""Every write that matters on the ground floor."""
