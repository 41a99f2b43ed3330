"""Every write about payments and payees."""
