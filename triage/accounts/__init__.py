"""Who works the desk: passwords, sessions, links, keys, and the table of who may do what."""
