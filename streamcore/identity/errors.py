"""Why a request is refused at the door. The doors turn these into the words of their protocol."""

from __future__ import annotations

from typing import ClassVar

from streamcore.errors import MessageError


class AccessError(MessageError):
    """Base: a request is refused for who signed it, how, or what it asks."""

    code: ClassVar[str] = "not_authenticated"

    def __init__(self, message: str) -> None:
        super(MessageError, self).__init__()
        self.args = (message,)


class NotSigned(AccessError):
    """There is no signature."""

    def __init__(self) -> None:
        super().__init__("Missing Authentication Token")


class Incomplete(AccessError):
    """A part of the signature is missing or malformed."""


class UnknownKey(AccessError):
    """There is no such access key, or it is inactive; `by_token`: its session token is not one of ours."""

    def __init__(self, access_key: str, *, by_token: bool = False) -> None:
        super().__init__("The security token included in the request is invalid.")
        self.access_key = access_key
        self.by_token = by_token


class WrongSignature(AccessError):
    """The signature is not the one that the secret makes. Both texts are those the server signed, for debugging; they
    hold nothing that the client did not send."""

    def __init__(self, signature: str, string_to_sign: str, canonical_request: str, access_key: str) -> None:
        super().__init__(
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            "Access Key and signing method. Consult the service documentation for details."
        )
        self.signature = signature
        self.string_to_sign = string_to_sign
        self.canonical_request = canonical_request
        self.access_key = access_key

    def explained(self) -> str:
        """The long form, with which JSON services answer."""
        return (
            f"{self}\n\nThe Canonical String for this request should have been\n'{self.canonical_request}'\n\n"
            f"The String-to-Sign should have been\n'{self.string_to_sign}'\n"
        )


class WrongScope(AccessError):
    """Signed for another service, day or termination."""


class Skewed(AccessError):
    """Signed at another time. `is_expired`: too long ago; else it is from the future."""

    def __init__(self, at: str, now: str, bound: str, *, is_expired: bool, minutes: int) -> None:
        relation = "earlier" if is_expired else "later"
        sign = "-" if is_expired else "+"
        what = "Signature expired" if is_expired else "Signature not yet current"
        super().__init__(f"{what}: {at} is now {relation} than {bound} ({now} {sign} {minutes} min.)")
        self.is_expired = is_expired
        self.at = at
        self.now = now


class UrlExpired(AccessError):
    """A presigned URL after its time. Times are in milliseconds."""

    def __init__(self, expires_s: int, ends_ms: int, now_ms: int) -> None:
        super().__init__("Request has expired")
        self.expires_s = expires_s
        self.ends_ms = ends_ms
        self.now_ms = now_ms


class TokenExpired(AccessError):
    """Temporary credentials after their time."""

    def __init__(self) -> None:
        super().__init__("The security token included in the request is expired")


class Denied(AccessError):
    """No policy allows it, or one denies it."""

    code: ClassVar[str] = "access_denied"


class IdentityUnavailable(AccessError):
    """The identities cannot be read, e.g. the key of the secrets is not the one that they were encrypted with."""
