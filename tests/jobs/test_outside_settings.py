"""The settings of what lies outside: one carrier, and no secret over the network in clear."""

import pytest

from payaid.settings import Settings, SettingsError

BASE = {"DATABASE_URL": "postgresql://localhost/x", "JWT_SECRET": "0123456789abcdef" * 4}


def mistakes(**given: str) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        Settings.read(BASE | given)
    return dict(caught.value.mistakes)


def test_two_carriers_are_one_too_many() -> None:
    assert "SMTP_URL" in mistakes(SMTP_URL="smtp://mail.example", SENDGRID_API_KEY="SG.x")["SENDGRID_API_KEY"]
    both = {"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_FROM": "MG1", "TWILIO_AUTH_TOKEN": "x", "MSG91_AUTH_KEY": "y"}
    assert "MSG91_AUTH_KEY" in mistakes(**both)["TWILIO_AUTH_TOKEN"]
    assert "TWILIO_FROM" in mistakes(TWILIO_AUTH_TOKEN="x", TWILIO_ACCOUNT_SID="AC1")["TWILIO_AUTH_TOKEN"]


@pytest.mark.parametrize("name", ["SENDGRID_URL", "MSG91_URL", "TWILIO_URL", "AI_BASE_URL"])
def test_a_key_crosses_the_network_over_tls_or_not_at_all(name: str) -> None:
    for url in ("http://api.example/v1", "ftp://api.example", "https://", "http://10.0.0.5/v1", "//127.0.0.1"):
        assert "https" in mistakes(**{name: url})[name]
    for url in ("https://api.example/v1/", "http://127.0.0.1:8080/v1", "http://localhost/v1", "http://[::1]:1/v1"):
        field = next(key for key, one in Settings.model_fields.items() if one.alias == name)
        assert getattr(Settings.read(BASE | {name: url}), field) == url.rstrip("/")


@pytest.mark.parametrize("flows", ["reminder", "reminder=", "=64f0", "a=1,b"])
def test_a_flow_has_a_template(flows: str) -> None:
    assert "template=flow" in mistakes(MSG91_FLOWS=flows)["MSG91_FLOWS"]
