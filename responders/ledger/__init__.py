"""What the voice remembers: cases, drafts, deliveries, people, alerts, and who did what. One file a table or two."""
