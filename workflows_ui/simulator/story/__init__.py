"""The seeded accounts: `demo`, a believable company, and `small`, with fixed ids for tests."""
