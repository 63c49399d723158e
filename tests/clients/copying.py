"""psycopg and asyncpg copy rows, at a local DSQL where that is allowed."""
import asyncio
import os
import ssl

import asyncpg
import psycopg


def with_psycopg():
    with psycopg.connect() as connection:
        connection.execute("create table reading (n int primary key, v text)")
        connection.commit()
        with connection.cursor() as cursor:
            with cursor.copy("copy reading (n, v) from stdin") as copy:
                for n in range(100):
                    copy.write_row((n, None if n % 2 else f"tab\t{n}"))
            with cursor.copy("copy reading from stdin (format binary)") as copy:
                copy.set_types(["int4", "text"])
                copy.write_row((100, "binary"))
            with cursor.copy("copy (select * from reading where n in (0, 1, 100) order by n) to stdout") as copy:
                assert list(copy.rows()) == [("0", "tab\t0"), ("1", None), ("100", "binary")]
        connection.commit()
        print("ok psycopg copies in, as text and binary, and out, in a transaction")
        try:
            with connection.cursor().copy("copy reading from stdin") as copy:
                copy.write_row((0, "twice"))
        except psycopg.errors.UniqueViolation:
            connection.rollback()
        else:
            raise AssertionError("copied twice")
        try:
            with connection.cursor().copy("copy reading from stdin") as copy:
                raise KeyError("the program gives up")
        except KeyError:
            connection.rollback()
        assert connection.execute("select count(*) from reading").fetchone() == (101,)
        print("ok psycopg hears of a duplicate, and may give up")


async def with_asyncpg():
    context = ssl.create_default_context(cafile=os.environ["PGSSLROOTCERT"])
    connection = await asyncpg.connect(
        host="localhost", port=int(os.environ["PGPORT"]), user="admin", database="postgres",
        password=os.environ["PGPASSWORD"], ssl=context,
    )
    assert await connection.copy_records_to_table("reading", records=[(200, "a"), (201, None)]) == "COPY 2"
    assert await connection.copy_from_query("select * from reading where n >= 200", output=os.devnull) == "COPY 2"
    await connection.close()
    print("ok asyncpg copies records in and a query out")


with_psycopg()
asyncio.run(with_asyncpg())
