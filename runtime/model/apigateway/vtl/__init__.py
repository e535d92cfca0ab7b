"""Mapping templates: a subset of the Velocity Template Language, parsed once and rendered within bounds.

The subset and the bounds are in docs/apigateway.md; the language is
https://velocity.apache.org/engine/1.7/vtl-reference.html, the variables are API Gateway's
(https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html).
"""
