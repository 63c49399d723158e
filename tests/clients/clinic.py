"""Python's clients against a local DSQL: psycopg 3, asyncpg, and tokens from boto3.

The server is named by the environment, as `mizzle local --env-file` writes it. Every check prints `ok <what>`.
"""
import asyncio
import decimal
import os
import ssl
import time
import uuid

import asyncpg
import boto3
import psycopg

ENV = os.environ


def ok(what):
    print(f"ok {what}")


def token(action="admin", expires=900, host=None, secret=None):
    session = boto3.Session(
        aws_access_key_id=ENV["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=secret or ENV["AWS_SECRET_ACCESS_KEY"],
        region_name=ENV["AWS_REGION"],
    )
    dsql = session.client("dsql")
    make = dsql.generate_db_connect_admin_auth_token if action == "admin" else dsql.generate_db_connect_auth_token
    return make(Hostname=host or ENV["PGHOST"], Region=ENV["AWS_REGION"], ExpiresIn=expires)


def refused(hint, **over):
    try:
        psycopg.connect(**over).close()
    except psycopg.OperationalError as error:
        text = str(error)
        assert "access denied" in text or "TLS is required" in text, text
        assert hint in text, f"{hint!r} is not in {text!r}"
        return
    raise AssertionError(f"let in: {over.keys()}")


def tokens():
    with psycopg.connect(password=token()) as connection:
        assert connection.execute("select current_user, version()").fetchone() == ("admin", "PostgreSQL 16")
    ok("a token of boto3 comes in over verify-full")
    refused("Wrong user to action mapping. user: admin, action: DbConnect", password=token("role"))
    refused("does not match the signature", password=token(secret="wrong"))
    refused("not this cluster", password=token(host="a" * 26 + ".dsql.us-east-1.on.aws"))
    refused("not an authentication token", password="hunter2")
    refused("sslmode", sslmode="disable")
    short = token(expires=1)
    while True:
        try:
            psycopg.connect(password=short).close()
        except psycopg.OperationalError as error:
            assert "Signature expired" in str(error), error
            break
        time.sleep(0.2)
    ok("wrong, expired, misdirected tokens and plaintext are refused with a reason")


def statements():
    with psycopg.connect() as connection:
        connection.execute(
            "create table reading (id uuid primary key default gen_random_uuid(), n int not null, "
            "amount numeric(38,10), raw bytea, at timestamptz default now())"
        )
        connection.commit()
        amount = decimal.Decimal("-1234567890123456789012345678.0123456789")
        rows = [(n, amount, bytes(range(256))) for n in range(200)]
        with connection.cursor() as cursor:
            cursor.executemany("insert into reading (n, amount, raw) values (%s, %s, %s)", rows)
        connection.commit()
        with connection.cursor(binary=True) as cursor:
            row = cursor.execute("select n, amount, raw, id from reading where n = %s", (7,)).fetchone()
            assert row[:3] == rows[7] and isinstance(row[3], uuid.UUID), row
        ok("psycopg: executemany, binary values, nothing lost")
        for _ in range(8):
            assert connection.execute("select count(*) from reading where n < %s", (50,), prepare=True).fetchone() == (50,)
        connection.commit()
        with connection.pipeline():
            answers = [connection.execute("select n + %s from reading where n = %s", (n, n)) for n in range(20)]
        assert [answer.fetchone()[0] for answer in answers] == [2 * n for n in range(20)]
        connection.commit()
        ok("psycopg: prepared statements and a pipeline")
        for statement, state in [
            ("select 1/0", "22012"),
            ("savepoint a", "0A000"),
            ("create index on reading (n)", "0A000"),
            ("truncate reading", "0A000"),
            ("create temp table t (i int)", "0A000"),
            ("copy reading to stdout", "0A000"),
        ]:
            try:
                connection.execute(statement)
            except psycopg.Error as error:
                assert error.sqlstate == state, f"{statement}: {error.sqlstate} {error}"
            else:
                raise AssertionError(f"{statement} was accepted")
            assert connection.info.transaction_status == psycopg.pq.TransactionStatus.INERROR, statement
            connection.rollback()
        ok("psycopg: refusals have their SQLSTATE and abort the transaction")


def conflict():
    with psycopg.connect() as one, psycopg.connect() as two:
        read = "select amount from reading where n = 1"
        one.execute(read), two.execute(read)
        one.execute("update reading set amount = 1 where n = 1")
        one.commit()
        try:
            two.execute("update reading set amount = 2 where n = 1")
            two.commit()
        except psycopg.errors.SerializationFailure as error:
            assert "(OC000)" in str(error), error
            two.rollback()
        else:
            raise AssertionError("both writers won")
        assert one.execute(read).fetchone()[0] == 1
    ok("psycopg: the second committer of a row conflicts")


async def with_asyncpg():
    context = ssl.create_default_context(cafile=ENV["PGSSLROOTCERT"])
    # direct TLS says by ALPN which protocol it carries; the preamble needs no such word
    context.set_alpn_protocols(["postgresql"])
    for direct in (False, True):
        connection = await asyncpg.connect(
            host="localhost", port=int(ENV["PGPORT"]), user="admin", database="postgres",
            password=token(), ssl=context, direct_tls=direct,
        )
        # no arrays: to learn their type asyncpg switches `jit` off by set_config(), which Aurora DSQL refuses
        rows = await connection.fetch("select n, raw from reading where n between $1 and $2 order by n", 1, 3)
        assert [row["n"] for row in rows] == [1, 2, 3]
        async with connection.transaction(isolation="repeatable_read"):
            await connection.execute("update reading set amount = 0 where n = $1", 5)
            total = 0
            # a portal with a row limit
            async for row in connection.cursor("select n from reading", prefetch=30):
                total += 1
            assert total == 200, total
        try:
            await connection.fetch("select count(*) from generate_series(1, 1000000000)", timeout=0.3)
        except TimeoutError:
            pass
        assert await connection.fetchval("select 1") == 1
        await connection.close()
        ok(f"asyncpg: statements, cursors, a cancelled query, {'direct TLS' if direct else 'the TLS preamble'}")


tokens()
statements()
conflict()
asyncio.run(with_asyncpg())
