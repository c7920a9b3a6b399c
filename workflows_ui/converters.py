"""Which workflow names, instance ids and version ids may stand in our addresses."""

from __future__ import annotations


class WorkflowName:
    """1 to 64 characters as the API reference says in section 2."""

    regex = "[a-zA-Z0-9_][a-zA-Z0-9_-]{0,63}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class InstanceId:
    """An addressable instance id. Cron-made ids hold "/", written "~" here: "~" is in no id."""

    regex = "[a-zA-Z0-9, *~#_-]{1,271}"

    def to_python(self, value: str) -> str:
        return value.replace("~", "/")

    def to_url(self, value: str) -> str:
        return value.replace("/", "~")


class VersionId:
    regex = "[a-zA-Z0-9-]{1,64}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value
