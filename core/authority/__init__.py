"""Who may say and hear what on the bus: keys, rights, the server's rules, and who breaks them."""
