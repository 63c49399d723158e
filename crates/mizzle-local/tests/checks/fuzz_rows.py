"""One table with a key and a unique column under random histories: fuzz_rows.py SEED HISTORIES STEPS."""

from history import WRITE, main

IDS = range(1, 7)
NAMES = [f"u{number}" for number in range(8)]

SCHEMA = ["drop table if exists m", "create table m(id int primary key, u text unique, v int)"]
FILL = ["delete from m", "insert into m values (1, 'u1', 0), (2, 'u2', 0), (3, 'u3', 0)"]
# The rows as key -> (u, v); an entry of the unique column is held under "u".
TABLES = {"m": {number: (f"u{number}", 0) for number in (1, 2, 3)}}


def read(transaction, _):
    rows = transaction.view["m"]
    return "select id, u, v from m order by id", [(key, *rows[key]) for key in sorted(rows)]


def count(transaction, choice):
    least = choice.randint(0, 5)
    found = sum(v > least for _, v in transaction.view["m"].values())
    return f"select count(*) from m where v > {least}", [(found,)]


def lock(transaction, choice):
    key, rows = choice.choice(IDS), transaction.view["m"]
    sql = f"select v from m where id = {key} for update"
    if key not in rows:
        return sql, []
    transaction.hold("m", key, WRITE)
    return sql, [(rows[key][1],)]


def update(transaction, choice):
    key, rows = choice.choice(IDS), transaction.view["m"]
    sql = f"update m set v = v + 1 where id = {key} returning v"
    if key not in rows:
        return sql, []
    add(transaction, key, 1)
    return sql, [(rows[key][1],)]


def update_many(transaction, choice):
    most, rows = choice.randint(0, 3), transaction.view["m"]
    found = [key for key in rows if rows[key][1] <= most]
    for key in found:
        add(transaction, key, 1)
    return f"update m set v = v + 1 where v <= {most}", f"UPDATE {len(found)}"


def rename(transaction, choice):
    key, name, rows = choice.choice(IDS), choice.choice(NAMES), transaction.view["m"]
    sql = f"update m set u = '{name}' where id = {key}"
    if key not in rows:
        return sql, "UPDATE 0"
    before, v = rows[key]
    if any(u == name for other, (u, _) in rows.items() if other != key):
        return sql, "!23505"
    if before != name:
        transaction.hold("u", before, WRITE)
        transaction.hold("u", name, WRITE)
    transaction.hold("m", key, WRITE)
    rows[key] = (name, v)
    return sql, "UPDATE 1"


def insert(transaction, choice):
    key, name = choice.choice(IDS), choice.choice(NAMES)
    sql = f"insert into m values ({key}, '{name}', 0) returning id, u"
    if taken(transaction, key, name):
        return sql, "!23505"
    put(transaction, key, name)
    return sql, [(key, name)]


def insert_or_nothing(transaction, choice):
    key, name = choice.choice(IDS), choice.choice(NAMES)
    sql = f"insert into m values ({key}, '{name}', 0) on conflict do nothing"
    if taken(transaction, key, name):
        return sql, "INSERT 0 0"
    put(transaction, key, name)
    return sql, "INSERT 0 1"


def upsert(transaction, choice):
    key, name, rows = choice.choice(IDS), choice.choice(NAMES), transaction.view["m"]
    sql = f"insert into m values ({key}, '{name}', 0) on conflict (id) do update set v = m.v + 10 returning v"
    if key in rows:
        add(transaction, key, 10)
    elif taken(transaction, key, name):
        return sql, "!23505"
    else:
        put(transaction, key, name)
    return sql, [(rows[key][1],)]


def delete(transaction, choice):
    key, rows = choice.choice(IDS), transaction.view["m"]
    sql = f"delete from m where id = {key}"
    if key not in rows:
        return sql, "DELETE 0"
    transaction.hold("m", key, WRITE)
    transaction.hold("u", rows.pop(key)[0], WRITE)
    return sql, "DELETE 1"


def move(transaction, choice):
    key, to, rows = choice.choice(IDS), choice.choice(IDS), transaction.view["m"]
    sql = f"update m set id = {to} where id = {key}"
    if key not in rows:
        return sql, "UPDATE 0"
    if key != to and to in rows:
        return sql, "!23505"
    # The entry of the unique column stays as it is.
    transaction.hold("m", key, WRITE)
    transaction.hold("m", to, WRITE)
    rows[to] = rows.pop(key)
    return sql, "UPDATE 1"


def add(transaction, key, number):
    name, v = transaction.view["m"][key]
    transaction.view["m"][key] = (name, v + number)
    transaction.hold("m", key, WRITE)


def taken(transaction, key, name):
    rows = transaction.view["m"]
    return key in rows or any(u == name for u, _ in rows.values())


def put(transaction, key, name):
    transaction.view["m"][key] = (name, 0)
    transaction.hold("m", key, WRITE)
    transaction.hold("u", name, WRITE)


OPERATIONS = [
    *(read, read, count, lock, update, update, update_many, rename),
    *(insert, insert_or_nothing, upsert, delete, move),
]

if __name__ == "__main__":
    main(SCHEMA, FILL, TABLES, OPERATIONS, read)
