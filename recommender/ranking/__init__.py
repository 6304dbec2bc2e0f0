"""From a question to an order of candidates, learned on lists that know nothing of what came after."""
