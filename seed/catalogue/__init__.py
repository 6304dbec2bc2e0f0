"""What the demo shop sells."""
