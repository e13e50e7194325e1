"""NetSuite's refusals: one exception, one envelope. Clients match on the leading words, so these are kept exactly."""

from __future__ import annotations

from typing import Any

RFC = "https://www.rfc-editor.org/rfc/rfc9110.html#section-15."
TITLES = {
    400: ("Bad Request", RFC + "5.1"),
    401: ("Unauthorized", RFC + "5.2"),
    403: ("Forbidden", RFC + "5.4"),
    404: ("Not Found", RFC + "5.5"),
    405: ("Method Not Allowed", RFC + "5.6"),
    409: ("Conflict", RFC + "5.10"),
    413: ("Content Too Large", RFC + "5.14"),
    415: ("Unsupported Media Type", RFC + "5.16"),
    500: ("Internal Server Error", RFC + "6.1"),
    503: ("Service Unavailable", RFC + "6.4"),
}
ACCESS = "Error while accessing a resource. "
QUERY = "Invalid search query. Detailed unprocessed description follows. "


class NetSuiteError(Exception):
    """A refusal with NetSuite's status, code and sentence, and at most one locator of what was wrong."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        path: str | None = None,
        query_param: str | None = None,
        header: str | None = None,
        url: str | None = None,
        title: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.path = path
        self.query_param = query_param
        self.header = header
        self.url = url
        self.title = title
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """The error envelope; 429 keeps the older address and title that NetSuite sends there."""
        detail = {"detail": self.detail}
        for name, value in (
            ("o:errorPath", self.path),
            ("o:errorQueryParam", self.query_param),
            ("o:errorHeader", self.header),
            ("o:errorUrl", self.url),
        ):
            if value is not None:
                detail[name] = value
        detail["o:errorCode"] = self.code
        if self.status == 429:
            return {
                "type": "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html",
                "title": "Bad Request",
                "status": 429,
                "o:errorCode": "USER_ERROR",
                "o:errorDetails": [detail],
            }
        title, kind = TITLES.get(self.status, TITLES[500])
        return {
            "type": kind,
            "title": self.title or title,
            "status": self.status,
            "o:errorDetails": [detail],
        }


def error_text(error: NetSuiteError) -> str:
    return f"{error.code}: {error.detail}"


def user_error(detail: str, *, path: str | None = None) -> NetSuiteError:
    """A business refusal: most of what NetSuite says no to."""
    return NetSuiteError(400, "USER_ERROR", ACCESS + detail, path=path)


def invalid_value(value: object, field: str, *, path: str | None = None) -> NetSuiteError:
    """A reference or value that the field does not take."""
    return NetSuiteError(
        400,
        "INVALID_CONTENT",
        f"{ACCESS}You have entered an Invalid Field Value {value} for the following field: {field}",
        path=path or field,
    )


def invalid_content(path: str | None = None) -> NetSuiteError:
    return NetSuiteError(400, "INVALID_CONTENT", "Invalid content in the request body.", path=path)


def missing_values(titles: list[str]) -> NetSuiteError:
    return user_error("Please enter value(s) for: " + ", ".join(titles))


def invalid_parameter(detail: str, name: str) -> NetSuiteError:
    return NetSuiteError(400, "INVALID_PARAMETER", detail, query_param=name)


def invalid_query(detail: str) -> NetSuiteError:
    """A SuiteQL or `q` text that cannot be run."""
    return invalid_parameter(QUERY + detail, "q")


def nonexistent_record(url: str | None = None) -> NetSuiteError:
    return NetSuiteError(
        404,
        "NONEXISTENT_ID",
        "The record instance does not exist. Provide a valid record instance ID.",
        url=url,
    )


def nonexistent_type(name: str) -> NetSuiteError:
    return NetSuiteError(404, "NONEXISTENT_RECORD_TYPE", f"Record type '{name}' does not exist.")


def no_permission(permission: str) -> NetSuiteError:
    return NetSuiteError(
        403,
        "INSUFFICIENT_PERMISSION",
        f"Permission Violation: You need the '{permission}' permission to access this page. "
        "Please contact your account administrator.",
    )


def method_not_allowed(method: str) -> NetSuiteError:
    return NetSuiteError(405, "METHOD_NOT_ALLOWED", f"Method {method} is not allowed for this resource.")
