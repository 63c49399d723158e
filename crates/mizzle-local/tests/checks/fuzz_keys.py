"""A parent and two children, one of them cascading, and locks in many shapes: fuzz_keys.py SEED HISTORIES STEPS."""

from history import KEY_SHARE, NON_KEY, WRITE, main

IDS = [1, 2, 3, 4, 5]
SHAPES = ["plain", "inner", "with", "limit", "offset", "of", "join"]

SCHEMA = [
    "drop table if exists c, d, p cascade",
    "create table p(id int primary key, n int)",
    "create table c(id int primary key, pid int references p(id))",
    "create table d(id int primary key, pid int references p(id) on delete cascade on update cascade)",
]
FILL = [
    *("delete from c", "delete from d", "delete from p"),
    *("insert into p values (1, 0), (2, 0), (3, 0)", "insert into c values (1, 1)", "insert into d values (1, 1)"),
]
# Parents as key -> n, children as key -> parent.
TABLES = {"p": {1: 0, 2: 0, 3: 0}, "c": {1: 1}, "d": {1: 1}}


def read(transaction, _):
    sql = " union all ".join(["select 'p', id, n from p", "select 'c', id, pid from c", "select 'd', id, pid from d"])
    rows = [(table, key, value) for table, keys in transaction.view.items() for key, value in keys.items()]
    return sql + " order by 1, 2", sorted(rows)


def insert_parent(transaction, choice):
    return new_parent(transaction, choice.choice(IDS), "", "!23505")


def insert_parent_or_nothing(transaction, choice):
    return new_parent(transaction, choice.choice(IDS), " on conflict do nothing", "INSERT 0 0")


def new_parent(transaction, key, clause, taken):
    sql, parents = f"insert into p values ({key}, 0){clause}", transaction.view["p"]
    if key in parents:
        return sql, taken
    parents[key] = 0
    transaction.hold("p", key, WRITE)
    return sql, "INSERT 0 1"


def update_parent(transaction, choice):
    key, parents = choice.choice(IDS), transaction.view["p"]
    sql = f"update p set n = n + 1 where id = {key}"
    if key not in parents:
        return sql, "UPDATE 0"
    parents[key] += 1
    transaction.hold("p", key, NON_KEY)
    return sql, "UPDATE 1"


def delete_parent(transaction, choice):
    key, view = choice.choice(IDS), transaction.view
    sql = f"delete from p where id = {key}"
    if key not in view["p"]:
        return sql, "DELETE 0"
    if key in view["c"].values():
        return sql, "!23503"
    del view["p"][key]
    transaction.hold("p", key, WRITE)
    for child in [child for child, parent in view["d"].items() if parent == key]:
        del view["d"][child]
        transaction.hold("d", child, WRITE)
    return sql, "DELETE 1"


def move_parent(transaction, choice):
    key, to, view = choice.choice(IDS), choice.choice(IDS), transaction.view
    sql = f"update p set id = {to} where id = {key}"
    if key not in view["p"]:
        return sql, "UPDATE 0"
    if key == to:
        transaction.hold("p", key, NON_KEY)
        return sql, "UPDATE 1"
    if to in view["p"]:
        return sql, "!23505"
    if key in view["c"].values():
        return sql, "!23503"
    view["p"][to] = view["p"].pop(key)
    transaction.hold("p", key, WRITE)
    transaction.hold("p", to, WRITE)
    for child in [child for child, parent in view["d"].items() if parent == key]:
        view["d"][child] = to
        transaction.hold("d", child, NON_KEY)
        transaction.hold("p", to, KEY_SHARE)
    return sql, "UPDATE 1"


def insert_child(transaction, choice):
    table, key, parent = choice.choice("cd"), choice.choice(IDS), choice.choice(IDS)
    sql, children = f"insert into {table} values ({key}, {parent})", transaction.view[table]
    if key in children:
        return sql, "!23505"
    if parent not in transaction.view["p"]:
        return sql, "!23503"
    children[key] = parent
    transaction.hold(table, key, WRITE)
    transaction.hold("p", parent, KEY_SHARE)
    return sql, "INSERT 0 1"


def update_child(transaction, choice):
    table, key, parent = choice.choice("cd"), choice.choice(IDS), choice.choice(IDS)
    sql, children = f"update {table} set pid = {parent} where id = {key}", transaction.view[table]
    if key not in children:
        return sql, "UPDATE 0"
    if children[key] != parent:
        if parent not in transaction.view["p"]:
            return sql, "!23503"
        transaction.hold("p", parent, KEY_SHARE)
    children[key] = parent
    transaction.hold(table, key, NON_KEY)
    return sql, "UPDATE 1"


def delete_child(transaction, choice):
    table, key = choice.choice("cd"), choice.choice(IDS)
    sql, children = f"delete from {table} where id = {key}", transaction.view[table]
    if key not in children:
        return sql, "DELETE 0"
    del children[key]
    transaction.hold(table, key, WRITE)
    return sql, "DELETE 1"


def lock(transaction, choice):
    key, mode, shape = choice.choice(IDS), choice.choice([WRITE, KEY_SHARE]), choice.choice(SHAPES)
    clause = "for update" if mode == WRITE else "for key share"
    if shape in ("of", "join"):
        return lock_joined(transaction, key, mode, clause, shape)
    upto = sorted(parent for parent in transaction.view["p"] if parent <= key)
    rows = f"select id from p where id <= {key}"
    sql, held, found = {
        "plain": (f"{rows} order by id {clause}", upto, upto),
        "inner": (f"select id from ({rows} order by id {clause}) q order by id", upto, upto),
        "with": (f"with q as ({rows} {clause} nowait) select count(*) from q", upto, [len(upto)]),
        "limit": (f"{rows} order by id desc limit 1 {clause} skip locked", upto[-1:], upto[-1:]),
        "offset": (f"{rows} order by id limit 1 offset 1 {clause}", upto[:2], upto[1:2]),
    }[shape]
    for parent in held:
        transaction.hold("p", parent, mode)
    return sql, [(value,) for value in found]


def lock_joined(transaction, child, mode, clause, shape):
    children = transaction.view["c"]
    found = [(children[child],)] if child in children else []
    if found:
        transaction.hold("p", children[child], mode)
    if shape == "of":
        return f"select x.id from p as x join c on c.pid = x.id where c.id = {child} {clause} of x", found
    if found:
        transaction.hold("c", child, mode)
    return f"select p.id from p join c on c.pid = p.id where c.id = {child} {clause}", found


# Two updates of one row are the rarest clash to meet, so updates are the most frequent statements.
OPERATIONS = [
    *(read, read, insert_parent, insert_parent_or_nothing, delete_parent, move_parent),
    *(update_parent, update_parent, update_parent, update_parent, update_parent),
    *(insert_child, insert_child, update_child, update_child, update_child, delete_child, lock, lock),
]

if __name__ == "__main__":
    main(SCHEMA, FILL, TABLES, OPERATIONS, read)
