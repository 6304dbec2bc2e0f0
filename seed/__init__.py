"""The demo shop, generated: catalogue, pictures, shoppers and what they did. Nothing in it is real.

``seed.shop`` generates, ``seed.model`` says what comes of it. Nothing is loaded here, for whoever draws a picture needs
neither.
"""
