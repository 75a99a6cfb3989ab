"""The ARM resource store: any resource by id, with etags, revisions, kinds and an outbox of activity events."""
