// Node's clients against a local DSQL: AWS's connector for node-postgres, and a small clinic in Drizzle on top of it.
//
// The server is named by the environment, as `mizzle local --env-file` writes it. Every check prints `ok <what>`.
import assert from 'node:assert/strict';
import dns from 'node:dns';
import fs from 'node:fs';
import { AuroraDSQLPool } from '@aws/aurora-dsql-node-postgres-connector';
import { DsqlSigner } from '@aws-sdk/dsql-signer';
import { eq, relations, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { date, pgTable, primaryKey, uuid, varchar } from 'drizzle-orm/pg-core';
import pg from 'pg';

const env = { ...process.env };
// node-postgres would take these for its own; the connector is given what it needs
for (const name of Object.keys(process.env)) if (name.startsWith('PG')) delete process.env[name];

// the endpoint's name leads to this machine, as a line in /etc/hosts would have it
const lookup = dns.lookup;
dns.lookup = (host, options, done) =>
  lookup(host === env.CLUSTER_ENDPOINT ? env.PGHOSTADDR : host, options, done);

const ok = (what) => console.log(`ok ${what}`);
const ca = fs.readFileSync(env.PGSSLROOTCERT);
const pool = new AuroraDSQLPool({ host: env.CLUSTER_ENDPOINT, port: Number(env.PGPORT), user: env.CLUSTER_USER, ssl: { ca } });
assert.deepEqual((await pool.query('select version(), $1::int as n', [3])).rows, [{ version: 'PostgreSQL 16', n: 3 }]);
ok("AWS's node-postgres connector comes in by the endpoint's name");

const owner = pgTable('owner', {
  id: uuid().primaryKey().default(sql`gen_random_uuid()`),
  name: varchar({ length: 30 }).notNull(),
  city: varchar({ length: 80 }).notNull(),
  telephone: varchar({ length: 20 }),
});
const pet = pgTable('pet', {
  id: uuid().primaryKey().default(sql`gen_random_uuid()`),
  name: varchar({ length: 30 }).notNull(),
  birthDate: date('birth_date').notNull(),
  ownerId: uuid('owner_id'),
});
const specialtyToVet = pgTable('_SpecialtyToVet', { A: varchar({ length: 80 }), B: uuid() }, (t) => [primaryKey({ columns: [t.A, t.B] })]);
const ownerRelations = relations(owner, ({ many }) => ({ pets: many(pet) }));
const petRelations = relations(pet, ({ one }) => ({ owner: one(owner, { fields: [pet.ownerId], references: [owner.id] }) }));
const db = drizzle({ client: pool, schema: { owner, pet, specialtyToVet, ownerRelations, petRelations } });

for (const statement of [
  'create table owner (id uuid primary key default gen_random_uuid(), name varchar(30) not null, city varchar(80) not null, telephone varchar(20))',
  'create table pet (id uuid primary key default gen_random_uuid(), name varchar(30) not null, birth_date date not null, owner_id uuid)',
  'create table "_SpecialtyToVet" ("A" varchar(80), "B" uuid, primary key ("A", "B"))',
  'create index async on pet (owner_id)',
]) await db.execute(sql.raw(statement));

const [john] = await db.insert(owner).values([{ name: 'John Doe', city: 'Anytown' }, { name: 'Mary Major', city: 'Anytown' }]).returning();
await db.insert(pet).values([
  { name: 'Pet1', birthDate: '2006-10-25', ownerId: john.id },
  { name: 'Pet2', birthDate: '2021-07-23', ownerId: john.id },
]);
const owners = await db.query.owner.findMany({ with: { pets: { orderBy: (t) => t.name } }, orderBy: (t) => t.name });
assert.deepEqual(owners.map((o) => [o.name, o.pets.map((p) => p.name)]), [['John Doe', ['Pet1', 'Pet2']], ['Mary Major', []]]);
ok('Drizzle inserts, and loads owners with their pets');

const renamed = await db.transaction(async (tx) => {
  const [record] = await tx.select().from(pet).where(eq(pet.name, 'Pet1'));
  await tx.update(pet).set({ name: `${record.name} (updated)` }).where(eq(pet.id, record.id));
  return tx.select().from(pet).where(eq(pet.id, record.id));
});
assert.equal(renamed[0].name, 'Pet1 (updated)');
ok('Drizzle runs a transaction');

const refusal = async (work) => {
  try {
    await work();
  } catch (error) {
    return error.cause ?? error;
  }
  throw new Error('accepted');
};
const nested = await refusal(() => db.transaction((tx) => tx.transaction(async () => {})));
assert.equal(nested.code, '0A000');
const serial = await refusal(() => db.execute(sql`create table "__drizzle_migrations" (id serial primary key)`));
assert.deepEqual([serial.code, serial.message], ['0A000', 'datatype serial not supported']);
ok("Drizzle's nested transaction and its serial key are refused");
await pool.end();

const signer = new DsqlSigner({ hostname: env.CLUSTER_ENDPOINT, region: env.AWS_REGION });
const client = (password) =>
  new pg.Client({ host: 'localhost', port: Number(env.PGPORT), user: 'admin', database: 'postgres', password, ssl: { ca, servername: env.CLUSTER_ENDPOINT } });
const admin = client(await signer.getDbConnectAdminAuthToken());
await admin.connect();
await admin.end();
const other = await refusal(async () => client(await signer.getDbConnectAuthToken()).connect());
assert.deepEqual([other.code, other.hint], ['28000', 'Wrong user to action mapping. user: admin, action: DbConnect']);
ok("tokens of AWS's signer are taken, for the user they are for");
