"""The settings of what lies outside: who carries mail and SMS, whom webhooks may reach, and the AI service."""

import ipaddress
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator, model_validator

from payaid.setting import Words, setting


class Outside(BaseModel):
    """Settings of services that others run. Their addresses can be changed, so that a gateway (or a test) may stand
    in for them; a secret goes to them over TLS, or to this machine.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=False, extra="ignore")

    smtp_url: SecretStr | None = setting(
        None, "SMTP_URL", "mail",
        "Mail server: smtp://user:password@host:587 (STARTTLS where offered) or smtps://; unset, and no"
        " SENDGRID_API_KEY: mail jobs fail.",
        secret=True,
    )  # fmt: skip
    sendgrid_key: SecretStr | None = setting(
        None, "SENDGRID_API_KEY", "mail", "Send mail through SendGrid's HTTP API instead of SMTP_URL.", secret=True
    )
    sendgrid_url: str = setting("https://api.sendgrid.com", "SENDGRID_URL", "mail", "Where that API is.")
    mail_from: str = setting(
        "", "MAIL_FROM", "mail", "Sender of mail, as an address or `Name <address>`; without it no mail is sent."
    )
    msg91_key: SecretStr | None = setting(
        None, "MSG91_AUTH_KEY", "sms", "Send SMS through MSG91, by the flows of MSG91_FLOWS.", secret=True
    )
    msg91_url: str = setting("https://control.msg91.com", "MSG91_URL", "sms", "Where MSG91's API is.")
    msg91_flows: Words = setting(
        (), "MSG91_FLOWS", "sms",
        "template=flow, separated by commas: the flow (with its DLT registration) that sends a template of"
        " templates/sms/.",
    )  # fmt: skip
    twilio_account: str = setting("", "TWILIO_ACCOUNT_SID", "sms", "The account at Twilio; needed with its token.")
    twilio_token: SecretStr | None = setting(
        None, "TWILIO_AUTH_TOKEN", "sms", "Send SMS through Twilio instead of MSG91.", secret=True
    )
    twilio_from: str = setting(
        "", "TWILIO_FROM", "sms", "The sender there: a number (+1...) or a messaging service (MG...)."
    )
    twilio_url: str = setting("https://api.twilio.com", "TWILIO_URL", "sms", "Where Twilio's API is.")
    webhook_networks: Words = setting(
        (), "WEBHOOK_ALLOW_NETWORKS", "webhooks",
        "Private networks (CIDR) that webhooks may reach all the same; none by default.",
    )  # fmt: skip
    ai_base_url: str = setting(
        "", "AI_BASE_URL", "ai", "An OpenAI-compatible API, up to and with its version: https://host/v1; unset: no AI."
    )
    ai_key: SecretStr | None = setting(None, "AI_API_KEY", "ai", "Its key.", secret=True)
    ai_model: str = setting("gpt-4o-mini", "AI_MODEL", "ai", "The model that answers in text.")
    ai_transcription_model: str = setting("whisper-1", "AI_TRANSCRIPTION_MODEL", "ai", "The model that hears.")
    ai_image_model: str = setting("gpt-image-1", "AI_IMAGE_MODEL", "ai", "The model that draws.")
    ai_daily_calls: int = setting(
        200, "AI_DAILY_CALLS", "ai", "Calls that one tenant may make in a day (of India); each costs money.", ge=0
    )
    ai_timeout_s: float = setting(60.0, "AI_TIMEOUT_S", "ai", "Longest wait for one answer.", gt=0, le=280)

    @field_validator("sendgrid_url", "msg91_url", "twilio_url", "ai_base_url")
    @classmethod
    def _safe_for_secrets(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and not (parts.hostname and (parts.scheme == "https" or _is_here(parts.scheme, parts.hostname))):
            raise ValueError("not an https:// URL: the key would cross the network in clear")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _one_carrier(self) -> Self:
        if self.smtp_url and self.sendgrid_key:
            raise ValueError("SENDGRID_API_KEY: SMTP_URL is set too, and one of them must carry the mail")
        if self.msg91_key and self.twilio_token:
            raise ValueError("TWILIO_AUTH_TOKEN: MSG91_AUTH_KEY is set too, and one of them must carry the SMS")
        if self.twilio_token and not (self.twilio_account and self.twilio_from):
            raise ValueError("TWILIO_AUTH_TOKEN: needs TWILIO_ACCOUNT_SID and TWILIO_FROM")
        if broken := [word for word in self.msg91_flows if not all(word.partition("=")[::2])]:
            raise ValueError(f"MSG91_FLOWS: {len(broken)} of its entries are not template=flow")
        return self


def _is_here(scheme: str, host: str) -> bool:
    try:
        return scheme == "http" and (host == "localhost" or ipaddress.ip_address(host).is_loopback)
    except ValueError:
        return False
