"""What the command line alone needs: the files that are named, and what is shown on the way."""
