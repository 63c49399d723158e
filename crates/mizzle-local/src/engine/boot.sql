alter function pg_catalog.version() rename to version_of_engine;

create function pg_catalog.version() returns text language sql stable parallel safe
  as $$select 'PostgreSQL 16'$$;

alter function pg_catalog.current_setting(text) rename to current_setting_of_engine;

create function pg_catalog.current_setting(text) returns text language sql stable strict parallel safe
  as $$select case lower($1) when 'server_version' then '16.13' when 'server_version_num' then '160013'
    else pg_catalog.current_setting_of_engine($1) end$$;

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

create function sys.local_count_row() returns trigger language plpgsql as $$
declare
  counted int := coalesce(nullif(pg_catalog.current_setting('mizzle.rows', true), ''), '0')::int + 1;
begin
  if counted > pg_catalog.current_setting('mizzle.row_limit', true)::int then
    raise exception using errcode = '54000', message = 'transaction row limit exceeded';
  end if;
  perform pg_catalog.set_config('mizzle.rows', counted::text, true);
  return null;
end $$;

create function sys.local_on_table() returns event_trigger
  language plpgsql security definer set search_path = pg_catalog set allow_system_table_mods = on as $$
declare made record;
begin
  for made in select objid from pg_event_trigger_ddl_commands() where command_tag = 'CREATE TABLE' loop
    execute format('create trigger local_count_row after insert or update or delete on %s
                    for each row execute function sys.local_count_row()', made.objid::regclass);
    -- Internal triggers are not shown by \d, information_schema and pg_dump.
    update pg_trigger set tgisinternal = true where tgrelid = made.objid and tgname = 'local_count_row';
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

