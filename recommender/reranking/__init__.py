"""What happens to a finished order: variety, caps, chance, the wishes of a person and the rules of an owner."""
