"""The sources of candidates, one class each, and the mathematics that several of them share."""
