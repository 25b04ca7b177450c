"""The domain: problems, work, certificates, facts, policies, decisions, and the ladder that joins them."""
