"""Small worlds: what a database holds when somebody wants to look at MovR or work on it."""
