"""Reports by e-mail: subscriptions, the schedule, sending, and what a person settles."""
