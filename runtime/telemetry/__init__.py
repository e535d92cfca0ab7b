"""Metrics under CloudWatch's names: counted by the minute in memory, kept for 15 days beside the logs."""
