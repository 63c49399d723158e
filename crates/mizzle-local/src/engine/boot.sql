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

create or replace view pg_catalog.pg_settings as
  select name, case name when 'server_version' then '16.13' when 'server_version_num' then '160013' else setting end as setting,
         unit, category, short_desc, extra_desc, context, vartype, source, min_val, max_val, enumvals, boot_val, reset_val,
         sourcefile, sourceline, pending_restart
    from pg_catalog.pg_show_all_settings();

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

-- Tells of every changed row within the statement's own answer, and counts. INFO comes through whatever the client
-- wants to hear, and our sessions keep it from the client. The formats are fixed so that equal rows are equal texts.
create function sys.local_capture() returns trigger language plpgsql
  set datestyle = 'ISO, MDY' set intervalstyle = 'postgres' set extra_float_digits = 1
  set bytea_output = 'hex' set timezone = 'UTC' set client_encoding = 'UTF8' as $$
declare
  counted int := coalesce(nullif(pg_catalog.current_setting('mizzle.rows', true), ''), '0')::int + 1;
  weighed bigint := coalesce(nullif(pg_catalog.current_setting('mizzle.bytes', true), ''), '0')::bigint;
  before text := case when tg_op <> 'INSERT' then old::text end;
  after text := case when tg_op <> 'DELETE' then new::text end;
begin
  if counted > pg_catalog.current_setting('mizzle.row_limit', true)::int then
    raise exception using errcode = '54000', message = 'transaction row limit exceeded';
  end if;
  perform pg_catalog.set_config('mizzle.rows', counted::text, true);
  -- In a block of ours the size is judged at COMMIT.
  if coalesce(pg_catalog.current_setting('mizzle.block', true), '') <> 'on' then
    weighed := weighed + octet_length(coalesce(after, before));
    if weighed > sys.local_limit('transaction_bytes') then
      perform sys.local_refuse_size(weighed);
    end if;
    perform pg_catalog.set_config('mizzle.bytes', weighed::text, true);
  end if;
  if before is null then
    raise info using errcode = 'MZ001', message = tg_relid::text, hint = after;
  elsif after is null then
    raise info using errcode = 'MZ001', message = tg_relid::text, detail = before;
  else
    raise info using errcode = 'MZ001', message = tg_relid::text, detail = before, hint = after;
  end if;
  return null;
end $$;

-- Writes rows as they have to be, with triggers and foreign keys silent. The script is UTF-8 whatever the client speaks.
create function sys.local_replay(shown text, script bytea) returns void language plpgsql security definer
  set session_replication_role = replica set datestyle = 'ISO, MDY' set intervalstyle = 'postgres'
  set timezone = 'UTC' as $$
begin
  if not exists (select from sys.local_secret where secret = shown) then
    raise exception using errcode = '42501', message = 'permission denied for function local_replay';
  end if;
  execute convert_from(script, 'UTF8');
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

