alter function pg_catalog.version() rename to version_of_engine;

create function pg_catalog.version() returns text language sql stable parallel safe
  as $$select 'PostgreSQL 16'$$;

alter function pg_catalog.current_setting(text) rename to current_setting_of_engine;

create function pg_catalog.current_setting(text) returns text language sql stable strict parallel safe
  as $$select case lower($1) when 'server_version' then '16.13' when 'server_version_num' then '160013'
    else pg_catalog.current_setting_of_engine($1) end$$;

alter function pg_catalog.now() rename to now_of_engine;

-- A statement that runs apart from the block it belongs to is told when that block began.
create function pg_catalog.now() returns timestamptz language sql stable parallel safe
  as $$select coalesce(nullif(pg_catalog.current_setting('mizzle.now', true), '')::timestamptz, pg_catalog.now_of_engine())$$;

alter function pg_catalog.transaction_timestamp() rename to transaction_timestamp_of_engine;

create function pg_catalog.transaction_timestamp() returns timestamptz language sql stable parallel safe
  as $$select pg_catalog.now()$$;

-- The keywords of the same meaning, under their own names: PostgreSQL's look at a clock of their own.
create function pg_catalog."current_timestamp"() returns timestamptz language sql stable parallel safe as $$select pg_catalog.now()$$;

create function pg_catalog."current_date"() returns date language sql stable parallel safe as $$select pg_catalog.now()::date$$;

create function pg_catalog."current_time"() returns timetz language sql stable parallel safe as $$select pg_catalog.now()::timetz$$;

create function pg_catalog."localtimestamp"() returns timestamp language sql stable parallel safe as $$select pg_catalog.now()::timestamp$$;

create function pg_catalog."localtime"() returns time language sql stable parallel safe as $$select pg_catalog.now()::time$$;

create or replace function pg_catalog.age(timestamptz) returns interval language sql stable strict parallel safe
  as $$select pg_catalog.age(pg_catalog."current_date"()::timestamptz, $1)$$;

create or replace function pg_catalog.age(timestamp) returns interval language sql stable strict parallel safe
  as $$select pg_catalog.age(pg_catalog."current_date"()::timestamp, $1)$$;

create or replace view pg_catalog.pg_settings as
  select name, case name when 'server_version' then '16.13' when 'server_version_num' then '160013' else setting end as setting,
         unit, category, short_desc, extra_desc, context, vartype, source, min_val, max_val, enumvals, boot_val, reset_val,
         sourcefile, sourceline, pending_restart
    from pg_catalog.pg_show_all_settings();

-- What our own sessions prepared is nobody's business.
create or replace view pg_catalog.pg_prepared_statements as
  select * from pg_catalog.pg_prepared_statement() where name !~ '^mizzle_';

-- Its rule would set what SET may not.
revoke update on pg_catalog.pg_settings from public;

create role admin login createrole inherit;

alter schema public owner to admin;

revoke all on database postgres from public;

grant connect on database postgres to public;

grant create, connect on database postgres to admin with grant option;

create schema sys;

grant usage on schema sys to public;

create function sys.dsql_major_version(out dsql_major_version int) language sql immutable as $$select 1$$;

-- Whoever uses this view cannot be dropped: a mapped role holds a right on it.
create view sys.local_mapped as select 1 as mapped;

create sequence sys.local_iam_oid start 20000;

create table sys.local_iam (
  iam_oid oid primary key default nextval('sys.local_iam_oid')::oid,
  arn text not null,
  pg_role_oid oid not null,
  grantor_pg_role_oid oid not null,
  unique (arn, pg_role_oid)
);

create view sys.iam_pg_role_mappings as
  select iam_oid, arn, pg_role_oid, r.rolname as pg_role_name,
         grantor_pg_role_oid, g.rolname as grantor_pg_role_name
    from sys.local_iam
    join pg_catalog.pg_roles r on r.oid = pg_role_oid
    join pg_catalog.pg_roles g on g.oid = grantor_pg_role_oid;

grant select on sys.iam_pg_role_mappings to public;

create function sys.local_iam_role(role_name text, role_arn text) returns oid language plpgsql stable as $$
declare found record;
begin
  if session_user <> 'admin' then
    raise exception using errcode = '42501',
      message = format('permission denied to grant IAM trust with role %s', role_name);
  end if;
  if role_arn !~ '^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/.+$' then
    raise exception using errcode = '22023', message = 'IAM role must look like an IAM ARN';
  end if;
  select oid, rolcanlogin into found from pg_catalog.pg_roles where rolname = role_name and not rolsuper;
  if found.oid is null then
    raise exception using errcode = '42704', message = format('Role %s does not exist', role_name);
  end if;
  if not found.rolcanlogin then
    raise exception using errcode = '22023', message = format('role %s must have the LOGIN attribute', role_name);
  end if;
  return found.oid;
end $$;

create procedure sys.local_iam_grant(role_name text, role_arn text)
  language plpgsql security definer set search_path = pg_catalog as $$
declare role_oid oid := sys.local_iam_role(role_name, role_arn);
begin
  if exists (select from sys.local_iam where arn = role_arn and pg_role_oid = role_oid) then
    raise exception using errcode = '42710', message = format('role %s is already mapped to %s', role_name, role_arn);
  end if;
  insert into sys.local_iam (arn, pg_role_oid, grantor_pg_role_oid)
    values (role_arn, role_oid, (select oid from pg_roles where rolname = session_user));
  execute format('grant select on sys.local_mapped to %I', role_name);
end $$;

create procedure sys.local_iam_revoke(role_name text, role_arn text)
  language plpgsql security definer set search_path = pg_catalog as $$
declare role_oid oid := sys.local_iam_role(role_name, role_arn);
begin
  delete from sys.local_iam where arn = role_arn and pg_role_oid = role_oid;
  if not found then
    raise exception using errcode = '42704', message = format('role %s is not mapped to %s', role_name, role_arn);
  end if;
  if not exists (select from sys.local_iam where pg_role_oid = role_oid) then
    execute format('revoke select on sys.local_mapped from %I', role_name);
  end if;
end $$;

-- Who shows this may write past every rule: our own sessions, nobody else.
create table sys.local_secret (secret text not null);

-- Stops a statement outside of our blocks that may write more than a transaction can. An entry of an index is no
-- larger than its row and the row's key.
create function sys.local_weigh(weighed bigint) returns void language plpgsql as $$
declare most text := nullif(pg_catalog.current_setting('mizzle.entries', true), '');
begin
  if most is null then
    most := coalesce((select max(many) from (select count(*) as many from pg_catalog.pg_index where indrelid >= 16384 group by indrelid) i), 0)::text;
    perform pg_catalog.set_config('mizzle.entries', most, true);
  end if;
  if weighed * (1 + 2 * most::int) > sys.local_limit('transaction_bytes') then
    raise exception using errcode = 'MZ002', message = 'to be weighed at COMMIT';
  end if;
end $$;

-- Tells of a changed row within the statement's own answer. INFO comes through whatever the client wants to hear, and
-- our sessions keep it from the client. The formats are fixed so that equal rows are equal texts.
create function sys.local_tell(relation oid, op text, old record, new record) returns void language plpgsql
  set datestyle = 'ISO, MDY' set intervalstyle = 'postgres' set extra_float_digits = 1
  set bytea_output = 'hex' set timezone = 'UTC' set client_encoding = 'UTF8' as $$
begin
  if op = 'INSERT' then
    raise info using errcode = 'MZ001', message = relation, hint = new;
  elsif op = 'DELETE' then
    raise info using errcode = 'MZ001', message = relation, detail = old;
  else
    raise info using errcode = 'MZ001', message = relation, detail = old, hint = new;
  end if;
end $$;

-- Tells of every changed row, counts it and measures it.
--
-- PostgreSQL sends each INFO on its way at once, which costs as much as an INSERT does. So the first rows of a statement
-- that our session has marked, small ones, are kept in a setting that it asks for in the same flight. PL/pgSQL prepares
-- each expression anew in each transaction: all of that is one. What is kept counts when something is told.
create function sys.local_capture() returns trigger language plpgsql as $$
declare
  image text;
  kept text;
  rows int;
  bytes bigint;
  refused text;
begin
  if pg_catalog.octet_length(pg_catalog.current_setting('mizzle.captured', true)) < 4096
     and pg_catalog.pg_column_size(new) > 1000 is not true
     and pg_catalog.right(pg_catalog.current_query(), 9) = '/*local*/'
     and pg_catalog.current_setting('datestyle', true) = 'ISO, MDY'
     and pg_catalog.current_setting('intervalstyle', true) = 'postgres'
     and pg_catalog.current_setting('extra_float_digits', true) = '1'
     and pg_catalog.current_setting('timezone', true) = 'UTC'
     and pg_catalog.set_config('mizzle.captured',
       pg_catalog.concat(pg_catalog.current_setting('mizzle.captured', true), tg_relid, tg_op, old, new), true) is not null then
    return null;
  end if;
  if pg_catalog.pg_column_size(new) > pg_catalog.current_setting('mizzle.smallest_limit', true)::bigint then
    if pg_catalog.pg_column_size(new) > sys.local_limit('row_bytes') then
      perform sys.local_refuse('54000', 'maximum row size exceeded');
    end if;
    execute format('select %s from (select ($1).*) r', coalesce(sys.local_row_check(tg_relid), 'null::text')) using new into refused;
    if refused is not null then
      perform sys.local_refuse('54000', refused);
    end if;
  end if;
  image := case when tg_op = 'DELETE' then old else new end;
  rows := coalesce(nullif(pg_catalog.current_setting('mizzle.rows', true), ''), '0')::int + 1;
  bytes := coalesce(nullif(pg_catalog.current_setting('mizzle.bytes', true), ''), '0')::bigint + octet_length(image)
    + case when tg_op = 'UPDATE' then octet_length(old::text) else 0 end;
  if rows = 1 then
    kept := pg_catalog.current_setting('mizzle.captured', true);
    if kept <> '' then
      -- A row in parentheses, one or two of them, follows the word; what has parentheses inside is in quotes.
      rows := 1 + (select count(*) from regexp_matches(regexp_replace(kept, '"([^"]|"")*"', '', 'g'), '(INSERT|UPDATE|DELETE)\(', 'g'));
      bytes := bytes + octet_length(kept);
    end if;
  end if;
  if rows > pg_catalog.current_setting('mizzle.row_limit', true)::int then
    raise exception using errcode = '54000', message = 'transaction row limit exceeded';
  end if;
  -- The size is judged at COMMIT. What may come near it has to be run where that is ours.
  if bytes * 50 > sys.local_limit('transaction_bytes') and pg_catalog.current_setting('mizzle.block', true) is distinct from 'on' then
    perform sys.local_weigh(bytes);
  end if;
  rows := pg_catalog.set_config('mizzle.rows', rows::text, true);
  bytes := pg_catalog.set_config('mizzle.bytes', bytes::text, true);
  if pg_catalog.current_setting('datestyle', true) <> 'ISO, MDY'
     or pg_catalog.current_setting('intervalstyle', true) <> 'postgres'
     or pg_catalog.current_setting('extra_float_digits', true) <> '1'
     or pg_catalog.current_setting('timezone', true) <> 'UTC'
     or pg_catalog.current_setting('client_encoding', true) <> 'UTF8' then
    perform sys.local_tell(tg_relid, tg_op, old, new);
  elsif tg_op = 'INSERT' then
    raise info using errcode = 'MZ001', message = tg_relid, hint = image;
  elsif tg_op = 'DELETE' then
    raise info using errcode = 'MZ001', message = tg_relid, detail = image;
  else
    raise info using errcode = 'MZ001', message = tg_relid, detail = old, hint = image;
  end if;
  return null;
end $$;

-- Writes rows as they have to be, with triggers and foreign keys silent. The script is UTF-8 whatever the client speaks.
create function sys.local_replay(shown text, script bytea) returns void language plpgsql security definer
  set session_replication_role = replica set datestyle = 'ISO, MDY' set intervalstyle = 'postgres'
  set timezone = 'UTC' set allow_system_table_mods = on as $$
begin
  if not exists (select from sys.local_secret where secret = shown) then
    raise exception using errcode = '42501', message = 'permission denied for function local_replay';
  end if;
  execute convert_from(script, 'UTF8');
end $$;

-- How PostgreSQL stores a question for the time by keyword, up to the place where it stood, and how it stores the
-- same question to a function of ours.
create table sys.local_clock (
  asked text primary key,
  told text not null
);

do $$
declare
  clock record;
  call text;
begin
  delete from sys.local_clock;
  for clock in select name, kind, at from (values ('current_date', 'date'), ('current_time', 'timetz'),
      ('current_timestamp', 'timestamptz'), ('localtime', 'time'), ('localtimestamp', 'timestamp')) c (name, kind)
    join generate_series(-1, 6) at on at < 0 or kind <> 'date' loop
    call := format('pg_catalog.%I()', clock.name) || case when clock.at >= 0 then format('::%s(%s)', clock.kind, clock.at) else '' end;
    execute format('create table sys.local_asked (a %s default %s, b %s default %s)', clock.kind,
      clock.name || case when clock.at >= 0 then format('(%s)', clock.at) else '' end, clock.kind, call);
    insert into sys.local_clock
      select regexp_replace(max(adbin::text) filter (where adnum = 1), ':location .*$', ':location '), max(adbin::text) filter (where adnum = 2)
        from pg_catalog.pg_attrdef where adrelid = 'sys.local_asked'::regclass;
    drop table sys.local_asked;
  end loop;
end $$;

-- Expressions are stored as text that only PostgreSQL itself may write.
create function sys.local_tree(cstring) returns pg_node_tree language internal immutable strict as 'textin';

revoke all on function sys.local_tree(cstring) from public;

create function sys.local_stilled(tree pg_node_tree) returns pg_node_tree language plpgsql as $$
declare
  pair record;
  changed text := tree::text;
begin
  for pair in select asked, told from sys.local_clock where strpos(changed, asked) > 0 loop
    changed := regexp_replace(changed, replace(pair.asked, '{', '\{') || '-?\d+\}', pair.told, 'g');
  end loop;
  return case when changed is not null then sys.local_tree(textout(changed)) end;
end $$;

create function sys.local_still(kind text, stored oid, relation oid) returns void language plpgsql set search_path = pg_catalog as $$
begin
  if kind = 'pg_attrdef' then
    update pg_attrdef set adbin = sys.local_stilled(adbin) where oid = stored;
  elsif kind = 'pg_constraint' then
    update pg_constraint set conbin = sys.local_stilled(conbin) where oid = stored;
  elsif kind = 'pg_type' then
    update pg_type set typdefaultbin = sys.local_stilled(typdefaultbin) where oid = stored;
  elsif kind = 'pg_rewrite' then
    update pg_rewrite set ev_action = sys.local_stilled(ev_action) where oid = stored;
  else
    update pg_proc set prosqlbody = sys.local_stilled(prosqlbody), proargdefaults = sys.local_stilled(proargdefaults) where oid = stored;
  end if;
  -- Whoever has read the table's definition reads it again.
  update pg_class set relpages = relpages where oid = relation;
end $$;

create function sys.local_still_body(of_function oid, body text) returns void language plpgsql as $$
begin
  update pg_catalog.pg_proc set prosrc = body where oid = of_function;
end $$;

-- The error of a deferred foreign key.
create function sys.local_orphan(in_schema text, in_table text, foreign_key text) returns void language plpgsql as $$
begin
  raise exception using errcode = '23503', schema = in_schema, table = in_table, constraint = foreign_key,
    message = format('insert or update on table "%s" violates foreign key constraint "%s"', in_table, foreign_key);
end $$;

-- Whether a transaction is one of several that share a row lock.
create function sys.local_shares(mark xid, holder xid) returns boolean language plpgsql stable as $$
begin
  return exists (select from pg_catalog.pg_get_multixact_members(mark) m where m.xid = holder);
exception
  when others then return false;
end $$;

-- The rows that the statement of the open savepoint locked. A savepoint has a transaction id of its own, so rows
-- that foreign keys locked earlier in the transaction are not among them. Reads the locked tables from end to end.
create function sys.local_locked() returns table (of_table oid, image bytea) language plpgsql security definer
  set datestyle = 'ISO, MDY' set intervalstyle = 'postgres' set extra_float_digits = 1
  set bytea_output = 'hex' set timezone = 'UTC' as $$
declare
  holder xid := (select l.transactionid from pg_catalog.pg_locks l
    where l.locktype = 'transactionid' and l.pid = pg_catalog.pg_backend_pid() and l.mode = 'ExclusiveLock'
      and l.transactionid <> pg_catalog.pg_current_xact_id_if_assigned()::xid limit 1);
  touched oid;
begin
  if holder is null then
    return;
  end if;
  for touched in select c.oid from pg_catalog.pg_locks l join pg_catalog.pg_class c on c.oid = l.relation
    where l.locktype = 'relation' and l.pid = pg_catalog.pg_backend_pid() and l.mode = 'RowShareLock' and c.relkind = 'r' loop
    return query execute format('select %s::oid, convert_to(t::text, ''UTF8'') from %s t where t.xmax = %L::xid
      or t.xmax <> ''0''::xid and sys.local_shares(t.xmax, %L::xid)', touched, touched::regclass, holder, holder);
  end loop;
end $$;

-- A row that is locked, after the oid of its table: the column that tells our sessions and never reaches the client.
create function sys.local_row(of_row anyelement) returns bytea language plpgsql stable strict
  set datestyle = 'ISO, MDY' set intervalstyle = 'postgres' set extra_float_digits = 1
  set bytea_output = 'hex' set timezone = 'UTC' as $$
begin
  return pg_catalog.convert_to((select typrelid from pg_catalog.pg_type where oid = pg_catalog.pg_typeof(of_row)::oid)::text
    || ' ' || of_row::text, 'UTF8');
end $$;

create function sys.local_on_table() returns event_trigger
  language plpgsql security definer set search_path = pg_catalog set allow_system_table_mods = on as $$
declare made record;
begin
  for made in select objid from pg_event_trigger_ddl_commands() where command_tag = 'CREATE TABLE' loop
    execute format('create trigger local_capture after insert or update or delete on %s
                    for each row execute function sys.local_capture()', made.objid::regclass);
    -- Internal triggers are not shown by \d, information_schema and pg_dump.
    update pg_trigger set tgisinternal = true where tgrelid = made.objid and tgname = 'local_capture';
  end loop;
end $$;

create event trigger local_on_table on ddl_command_end when tag in ('CREATE TABLE', 'CREATE SCHEMA')
  execute function sys.local_on_table();

create function sys.local_on_index() returns event_trigger language plpgsql as $$
declare made record;
begin
  for made in select objid from pg_catalog.pg_event_trigger_ddl_commands() where command_tag = 'CREATE INDEX' loop
    perform pg_catalog.set_config('mizzle.object', made.objid::text, true);
  end loop;
end $$;

create event trigger local_on_index on ddl_command_end when tag in ('CREATE INDEX')
  execute function sys.local_on_index();

update pg_catalog.pg_database set datistemplate = false;

drop database template0;

drop database template1;

