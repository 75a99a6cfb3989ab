"""Who may do what: principals with scrypt-hashed secrets, signed tokens, access decisions."""
