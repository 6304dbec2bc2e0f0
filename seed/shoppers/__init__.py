"""Who shops in the demo, and what they do there. No row describes a person."""
