"""What deploy/ holds is whole: it parses, names commands and files that exist, and covers the environment."""

import configparser
import json
import re
import shlex
from pathlib import Path

import pytest
import yaml

from tests.test_docs import FOREIGN_COMMANDS, own_commands, variables_in_settings

ROOT = Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "deploy"
UNITS = sorted([*DEPLOY.glob("systemd/*"), *DEPLOY.glob("kiosk/*.service")])
COMPOSE_ALONE = {"POSTGRES_PASSWORD", "SITE_ADDRESS"}


@pytest.fixture(scope="module")
def services() -> dict:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]


def example_names() -> set[str]:
    return set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", (DEPLOY / "env.example").read_text("utf-8"), re.MULTILINE))


def test_the_example_has_every_variable_and_no_other():
    assert variables_in_settings() - example_names() == set()
    assert example_names() - variables_in_settings() - COMPOSE_ALONE == set()


def test_no_secret_stands_in_the_example():
    for line in (DEPLOY / "env.example").read_text("utf-8").splitlines():
        if re.match(r"(SECRET_KEY|KEYRING|NODE_TOKEN|TURN_SECRET|POSTGRES_PASSWORD|#BACKUP_PASSPHRASE)=", line):
            assert line.endswith("="), line


def test_the_composition_has_each_process_of_the_design(services: dict):
    webs = [name for name in services if name.startswith("web-")]
    assert len(webs) == 2
    assert set(services) == {*webs, "migrate", "worker", "clock", "media", "postgres", "redis", "proxy", "coturn"}
    for name in (*webs, "worker", "clock"):
        assert services[name]["environment"]["REDIS_URL"].startswith("redis://"), name
        assert services[name]["environment"]["DATABASE_URL"].startswith("postgres://"), name
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
        assert services[name]["env_file"] == ".env"
    assert "ports" not in services["postgres"] and "ports" not in services["redis"], "both stay inside"
    assert services["media"]["network_mode"] == services["coturn"]["network_mode"] == "host"


def test_what_the_composition_refers_to_is_there(services: dict):
    composition = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    for name, service in services.items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (DEPLOY / source).exists(), f"{name} mounts {source}"
            else:
                assert source in composition["volumes"], f"{name} mounts {source}"
        for other in service.get("depends_on", {}):
            assert other in services
        if "build" in service:
            assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).exists()


def test_every_management_command_that_is_started_exists(services: dict):
    commands = [service["command"] for service in services.values() if "manage.py" in service.get("command", [])]
    commands += [
        shlex.split(line) for unit in UNITS for line in re.findall(r"^ExecStart=(.+)$", unit.read_text(), re.M)
    ]
    started = {command[command.index("manage.py") + 1] for command in commands if "manage.py" in command}
    assert {"migrate", "db_worker", "clock", "media_node"} <= started
    assert started - own_commands() - FOREIGN_COMMANDS == set()


def test_the_image_copies_every_room_and_the_context_lets_it_through():
    dockerfile = (DEPLOY / "Dockerfile").read_text("utf-8")
    ignore = (ROOT / ".dockerignore").read_text("utf-8")
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE):
        for name in source.split():
            assert (ROOT / name).exists(), f"COPY {name}"
            assert f"!{name}\n" in ignore, f".dockerignore keeps {name} out"
    for room in ("portal", "content", "servicedesk", "themes", "locale"):
        assert f"COPY {room} {room}" in dockerfile


def test_web_processes_speak_websockets_the_measured_way(services: dict):
    # 29 KB an idle socket this way; others cost up to five times that.
    flags = "--ws websockets-sansio --ws-per-message-deflate false"
    unit = (DEPLOY / "systemd/linban-web@.service").read_text("utf-8")
    image = (DEPLOY / "Dockerfile").read_text("utf-8").replace('", "', " ")
    assert flags in unit and flags in image


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_parse_and_run_unprivileged(unit: Path):
    parser = configparser.ConfigParser(strict=False, interpolation=None, allow_no_value=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(unit.read_text("utf-8"))
    assert parser["Unit"]["Description"]
    if parser.has_section("Service"):
        assert parser["Service"]["User"] not in {"", "root"}
        assert parser["Service"]["NoNewPrivileges"] == "yes"
    if unit.name == "linban.target":
        for wanted in parser["Unit"]["Wants"].split():
            assert (DEPLOY / "systemd" / re.sub(r"@\d+", "@", wanted)).exists(), wanted


def test_both_proxies_pass_sockets_bound_bodies_and_hide_metrics():
    nginx, caddy = (DEPLOY / "nginx.conf").read_text(), (DEPLOY / "Caddyfile").read_text()
    assert nginx.count("{") == nginx.count("}") and caddy.count("{") == caddy.count("}")
    assert "proxy_set_header Upgrade $http_upgrade;" in nginx and "proxy_set_header X-Forwarded-Proto" in nginx
    assert "client_max_body_size 16m;" in nginx and "max_size 16MB" in caddy
    assert "location /metrics" in nginx and "path /metrics" in caddy
    assert "reverse_proxy web-1:8000 web-2:8000" in caddy


def test_turn_reaches_no_private_network_and_keeps_off_the_nodes_ports():
    settings = dict(
        line.split("=", 1) for line in (DEPLOY / "coturn/turnserver.conf").read_text().splitlines() if "=" in line
    )
    nodes = re.search(r"^MEDIA_UDP_PORTS=(\d+)-(\d+)", (DEPLOY / "env.example").read_text(), re.M)
    assert int(settings["min-port"]) > int(nodes[2])
    text = (DEPLOY / "coturn/turnserver.conf").read_text()
    for network in ("10.0.0.0", "127.0.0.0", "169.254.0.0", "172.16.0.0", "192.168.0.0"):
        assert f"denied-peer-ip={network}-" in text
    assert "\nuse-auth-secret\n" in text


def test_the_kiosks_policies_allow_one_address_and_nothing_else():
    policy = json.loads((DEPLOY / "kiosk/chromium-policy.json").read_text("utf-8"))
    for name in (
        "LoopbackNetworkAllowedForUrls", "VideoCaptureAllowedUrls", "AudioCaptureAllowedUrls",
        "WindowManagementAllowedForUrls", "PopupsAllowedForUrls",
    ):  # fmt: skip
        assert policy[name] == ["https://linban.example"], name
    assert policy["URLBlocklist"] == ["*"]
