"""The database service: the only part of Rosey that opens a database."""
