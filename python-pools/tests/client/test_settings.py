import json

import pytest

from dspex.client.settings import DEFAULT_URL, find_settings
from dspex.errors import DspexError


@pytest.fixture
def home(tmp_path):
    users = [{"name": "local", "password": "pw1", "admin": True}, {"name": "other", "password": "pw2"}]
    (tmp_path / "credentials.json").write_text(json.dumps({"users": users}))
    (tmp_path / "up.json").write_text(json.dumps({"natsUrl": "nats://127.0.0.1:5000"}))
    return tmp_path


def test_what_is_passed_comes_first():
    env = {"NATS_URL": "nats://env", "NATS_USER": "env", "NATS_PASSWORD": "env"}
    found = find_settings("nats://given", "given", "secret", env=env)
    assert (found.url, found.user, found.password) == ("nats://given", "given", "secret")


def test_then_the_environment(home):
    env = {"NATS_URL": "nats://env", "NATS_USER": "me", "NATS_PASSWORD": "pw", "DSPEX_HOME": str(home)}
    found = find_settings(env=env)
    assert (found.url, found.user, found.password) == ("nats://env", "me", "pw")


def test_then_the_home_folder(home):
    found = find_settings(home=home, env={})
    assert (found.url, found.user, found.password) == ("nats://127.0.0.1:5000", "local", "pw1")
    assert find_settings(user="other", env={"DSPEX_HOME": str(home)}).password == "pw2"


def test_the_running_server_where_nothing_else_is_written_down(home):
    (home / "up.json").unlink()
    (home / "nats").mkdir()
    (home / "nats" / "server.json").write_text(json.dumps({"url": "nats://127.0.0.1:6000"}))
    assert find_settings(home=home, env={}).url == "nats://127.0.0.1:6000"


def test_the_home_folder_is_found_from_below(home, tmp_path, monkeypatch):
    (tmp_path / "app").mkdir()
    home.joinpath("credentials.json").rename(
        (tmp_path / ".dspex").mkdir() or tmp_path / ".dspex" / "credentials.json"
    )
    monkeypatch.chdir(tmp_path / "app")
    found = find_settings(env={})
    assert (found.url, found.password) == (DEFAULT_URL, "pw1")


def test_no_password_says_what_to_do(tmp_path):
    with pytest.raises(DspexError, match=r'no password for user "nobody": set NATS_USER') as raised:
        find_settings(user="nobody", home=tmp_path, env={})
    assert raised.value.code == "not_allowed"


def test_a_user_that_is_no_token_is_refused(home):
    with pytest.raises(DspexError) as raised:
        find_settings(user="a.b", home=home, env={})
    assert raised.value.code == "invalid_inputs"


def test_a_broken_file_is_named(home):
    (home / "credentials.json").write_text("{")
    with pytest.raises(DspexError, match=r"credentials\.json"):
        find_settings(home=home, env={})


def test_a_password_is_not_shown():
    assert "secret" not in repr(find_settings("u", "a", "secret", env={}))
