"""What comes in, checked, and as arrays: events, catalogue, places shown, the state of a user, settings."""
