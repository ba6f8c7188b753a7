"""A study: every stage from markers to report, done once and again only where what it is made from has changed."""
