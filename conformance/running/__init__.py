"""Runs: gate, audit, fuzz, smoke and regenerate put questions to implementations; nothing here prints."""
