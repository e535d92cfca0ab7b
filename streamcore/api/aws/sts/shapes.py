"""Members that several actions of STS share."""

from __future__ import annotations

from streamcore.api.aws.iam.shapes import IamShape
from streamcore.api.aws.shapes import Timestamp
from streamcore.identity.sessions import Credentials


class CredentialsShape(IamShape, frozen=True, kw_only=True):
    access_key_id: str
    secret_access_key: str
    session_token: str
    expiration: Timestamp


def credentials_shape(made: Credentials) -> CredentialsShape:
    return CredentialsShape(
        access_key_id=made.access_key,
        secret_access_key=made.secret,
        session_token=made.session_token,
        expiration=Timestamp(made.expires_ms),
    )
