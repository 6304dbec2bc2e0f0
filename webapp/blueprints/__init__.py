"""URLs: parse the request, call one service, render."""
