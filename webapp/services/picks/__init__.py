"""What is picked for somebody, what the picks go by, and what people may say about them."""
