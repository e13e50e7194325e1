"""The only SQS code: a step's message onto the step's queue."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from counterfoil.steps.route import Message

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class Queues:
    """Sends messages; `url_of` gives the address of a queue by its step's name."""

    def __init__(self, client: SQSClient, url_of: Callable[[str], str]) -> None:
        self._client = client
        self._url_of = url_of

    def send(self, message: Message) -> None:
        fifo: dict[str, Any] = {}
        if message.group and message.deduplication:
            fifo = {"MessageGroupId": message.group, "MessageDeduplicationId": message.deduplication}
        self._client.send_message(
            QueueUrl=self._url_of(message.queue),
            MessageBody=json.dumps(message.body, separators=(",", ":")),
            **fifo,
        )
