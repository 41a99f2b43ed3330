"""What communities say they need; a need exists before any supplier answers it."""
