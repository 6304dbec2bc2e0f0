"""The stars that somebody would give, joined from several forecasts."""
