"""Random histories of four sessions, every answer compared with a model of Aurora DSQL's optimistic concurrency."""

import copy
import random
import sys

import psycopg

SESSIONS = 4

# How a transaction holds a row: WRITE clashes with everything, NON_KEY with itself and WRITE, KEY_SHARE with WRITE alone.
WRITE, NON_KEY, KEY_SHARE = "W", "N", "K"


class Session:
    """One connection; half of them use the extended protocol from the first statement on."""

    def __init__(self):
        # libpq's PG* variables say where.
        self.connection = psycopg.connect("", autocommit=True)
        self.connection.prepare_threshold = random.choice([None, 0])
        self.transaction = None

    def ask(self, sql):
        """The rows, the command tag, or `!` and the SQLSTATE."""
        cursor = self.connection.cursor()
        try:
            cursor.execute(sql.encode())
        except psycopg.Error as error:
            return "!" + error.sqlstate
        return cursor.fetchall() if cursor.description else cursor.statusmessage


class Transaction:
    """A snapshot of the model, changed by this transaction alone, and what it holds of which row."""

    def __init__(self, model):
        self.start = model.version
        self.view = copy.deepcopy(model.tables)
        self.held = {}
        self.failed = False

    def hold(self, table, key, mode):
        self.held.setdefault((table, key), set()).add(mode)


class Model:
    """What is committed, and which commit held what: the first committer wins."""

    def __init__(self, tables):
        self.version = 0
        self.tables = copy.deepcopy(tables)
        self.commits = []

    def commit(self, transaction):
        if transaction.failed:
            return "ROLLBACK"
        for version, held in self.commits:
            if version > transaction.start and clash(held, transaction.held):
                return "!40001"
        if transaction.held:
            self.version += 1
            self.commits.append((self.version, transaction.held))
            self.keep(transaction)
        return "COMMIT"

    def keep(self, transaction):
        for (table, key), modes in transaction.held.items():
            if modes == {KEY_SHARE} or table not in self.tables:
                continue
            if key in transaction.view[table]:
                self.tables[table][key] = transaction.view[table][key]
            else:
                self.tables[table].pop(key, None)


def clash(one, other):
    return any(
        WRITE in (mine, theirs) or mine == theirs == NON_KEY
        for place in one.keys() & other.keys()
        for mine in one[place]
        for theirs in other[place]
    )


class History:
    """One history: sessions, a model and everything that was said."""

    def __init__(self, label, tables, count):
        self.label = label
        self.model = Model(tables)
        self.sessions = [Session() for _ in range(SESSIONS)]
        self.said = []
        self.count = count

    def check(self, session, sql, got, expected):
        self.said.append((session, sql, got, expected))
        self.count["statements"] += 1
        if got != expected:
            print("FAIL", self.label)
            for line in self.said:
                print("  ", line)
            sys.exit(1)

    def step(self, choice, operations):
        number = choice.randrange(SESSIONS)
        session, chance = self.sessions[number], choice.random()
        check = lambda sql, expected: self.check(number, sql, session.ask(sql), expected)
        if session.transaction is None and chance < 0.7:
            session.transaction = Transaction(self.model)
            check("begin", "BEGIN")
        elif session.transaction is None:
            alone = Transaction(self.model)
            check(*self.run(alone, choice, operations))
            self.model.commit(alone)
        elif chance < 0.2:
            outcome = self.model.commit(session.transaction)
            session.transaction = None
            self.count[outcome] += 1
            check("commit", outcome)
        elif chance < 0.24:
            session.transaction = None
            check("rollback", "ROLLBACK")
        elif session.transaction.failed:
            check("select 1", "!25P02")
        else:
            check(*self.run(session.transaction, choice, operations))

    def run(self, transaction, choice, operations):
        """An operation on the model: its statement, and what the server has to answer."""
        sql, expected = choice.choice(operations)(transaction, choice)
        if isinstance(expected, str) and expected.startswith("!"):
            transaction.failed = True
            self.count["errors"] += 1
        return sql, expected

    def end(self, administrator, read):
        for session in self.sessions:
            session.connection.close()
        sql, expected = read(Transaction(self.model), None)
        self.check("end", sql, administrator.ask(sql), expected)


def main(schema, fill, tables, operations, read):
    """`schema` makes the tables, `fill` empties them and puts in what `tables` says: `… SEED HISTORIES STEPS`."""
    seed, histories, steps = map(int, sys.argv[1:4])
    random.seed(seed)
    choice = random.Random(seed)
    administrator = Session()
    for sql in schema:
        must(administrator, sql)
    count = {"COMMIT": 0, "!40001": 0, "ROLLBACK": 0, "statements": 0, "errors": 0}
    for number in range(histories):
        for sql in fill:
            must(administrator, sql)
        history = History(f"seed {seed}, history {number}", tables, count)
        for _ in range(steps):
            history.step(choice, operations)
        history.end(administrator, read)
    print("ok", count)


def must(session, sql):
    answer = session.ask(sql)
    if isinstance(answer, str) and answer.startswith("!"):
        sys.exit(f"{sql}: {answer}")
