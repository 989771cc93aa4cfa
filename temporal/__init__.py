"""Temporal for Rosey: client, worker, mailbox, server, replay."""
