"""Queues of messages: the engine of SQS."""
