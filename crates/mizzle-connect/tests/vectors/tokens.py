"""Prints tokens.txt: tokens of Amazon's own Python signer at a fixed time, to compare ours with.

Run: python3 -m venv v && v/bin/pip install botocore && v/bin/python tokens.py > tokens.txt
"""

import datetime

import botocore.auth
import botocore.session

TIME = datetime.datetime(2026, 11, 22, 10, 20, 30, tzinfo=datetime.timezone.utc)
HOST = "abcdefghijklmnopqrstuvwxyz.dsql.eu-west-1.on.aws"
KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SESSION_TOKEN = "IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVzLWVhc3QtMSJ+a~b_c.d-e=="


class Clock(datetime.datetime):
    @classmethod
    def utcnow(cls):
        return TIME.replace(tzinfo=None)

    @classmethod
    def now(cls, tz=None):
        return TIME


botocore.auth.datetime = type("module", (), {"datetime": Clock, "timezone": datetime.timezone})
botocore.auth.get_current_datetime = lambda *_, **__: TIME.replace(tzinfo=None)


def token(user, expires, session_token):
    session = botocore.session.Session()
    client = session.create_client(
        "dsql",
        region_name="eu-west-1",
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        aws_session_token=session_token,
    )
    admin = user == "admin"
    sign = client.generate_db_connect_admin_auth_token if admin else client.generate_db_connect_auth_token
    return sign(HOST, "eu-west-1", ExpiresIn=expires)


print(f"# {TIME:%Y-%m-%dT%H:%M:%SZ} {HOST} eu-west-1 {KEY}, by botocore {botocore.__version__}; made by tokens.py")
print("# user, lifetime in seconds, session token or -, token")
for user, expires, session_token in [
    ("admin", 900, None),
    ("app", 900, None),
    ("Admin", 604800, None),
    ("admin", 900, SESSION_TOKEN),
    ("app", 60, SESSION_TOKEN),
]:
    print(user, expires, session_token or "-", token(user, expires, session_token))
