"""A fitted model that answers: lists with reasons, related things, searches, and news between trainings."""
