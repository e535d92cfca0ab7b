"""Topics and their subscriptions: the engine of SNS."""
