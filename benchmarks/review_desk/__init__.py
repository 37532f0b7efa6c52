"""The review desk under load: how fast it is with very many tickets, and with many people at once."""
