"""What a video session refuses."""

from portal.base.errors import DomainError


class FaceNotConfirmed(DomainError):
    """The person's data stay closed until the clerk has confirmed the face against the card."""

    code = "face_not_confirmed"
    status = 403


class NoVideoLine(DomainError):
    """No media node has room at the moment."""

    code = "no_video_line"
    status = 503


class NoSession(DomainError):
    """There is no such session, or it is not this device's or this clerk's."""

    code = "no_session"
    status = 404
