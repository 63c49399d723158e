create function sys.local_limit(name text) returns bigint language sql stable as
  $$select coalesce(nullif(pg_catalog.current_setting('mizzle.' || name || '_limit', true), ''), '9223372036854775807')::bigint$$;

create function sys.local_refuse(state text, words text, more text default null) returns void language plpgsql as $$
begin
  if more is null then
    raise exception using errcode = state, message = words;
  end if;
  raise exception using errcode = state, message = words, detail = more;
end $$;

-- A type of a column: what is written here, and domains, which are made of it.
create function sys.local_is_column_type(asked oid) returns boolean language sql stable as $$
  select asked = any ('{bool,int2,int4,int8,float4,float8,numeric,bpchar,varchar,text,date,time,timetz,timestamp,timestamptz,interval,bytea,uuid,json,jsonb}'::regtype[]::oid[])
    or exists (select from pg_catalog.pg_type where oid = asked and typtype = 'd')
$$;

-- A type without the domains around it.
create function sys.local_base_type(asked oid) returns oid language sql stable as $$
  with recursive base(oid) as (
    select asked
    union all
    select t.typbasetype from base join pg_catalog.pg_type t on t.oid = base.oid and t.typtype = 'd'
  )
  select base.oid from base join pg_catalog.pg_type t on t.oid = base.oid where t.typtype <> 'd'
$$;

create function sys.local_check_table(relation oid) returns void language plpgsql as $$
declare odd text;
begin
  if (select count(*) from pg_class c join pg_namespace n on n.oid = relnamespace
      where relkind = 'r' and nspname !~ '^pg_' and nspname not in ('sys', 'information_schema')) > sys.local_limit('tables') then
    perform sys.local_refuse('54000', format('creating more than %s tables not allowed', sys.local_limit('tables')));
  end if;
  if (select count(*) from pg_attribute where attrelid = relation and attnum > 0 and not attisdropped) > sys.local_limit('columns') then
    perform sys.local_refuse('54011', format('tables can have at most %s columns', sys.local_limit('columns')));
  end if;
  select replace(format_type(atttypid, null), 'public.', '') into odd from pg_attribute
    where attrelid = relation and attnum > 0 and not attisdropped and not sys.local_is_column_type(atttypid) limit 1;
  if odd is not null then
    perform sys.local_refuse('0A000', format('datatype %s not supported', odd));
  end if;
  select format_type(atttypid, null) into odd from pg_attribute
    where attrelid = relation and attidentity <> '' and atttypid <> 'bigint'::regtype limit 1;
  if odd is not null then
    perform sys.local_refuse('0A000', format('datatype %s not supported, identity column type must be bigint', odd));
  end if;
end $$;

create function sys.local_check_index(index oid) returns void language plpgsql as $$
declare
  made pg_index := (select i from pg_index i where indexrelid = index);
  odd text;
begin
  if made.indnkeyatts > sys.local_limit('key_columns') then
    perform sys.local_refuse('54011', format('more than %s column keys in an index are not supported', sys.local_limit('key_columns')));
  end if;
  if (select count(*) from pg_index where indrelid = made.indrelid) > sys.local_limit('indexes') then
    perform sys.local_refuse('54000', format('more than %s indexes per table are not allowed', sys.local_limit('indexes')));
  end if;
  select format_type(atttypid, null) into odd from pg_attribute
    where attrelid = index and attnum <= made.indnkeyatts
      and sys.local_base_type(atttypid) = any ('{bytea,json,jsonb,interval,timetz}'::regtype[]::oid[]) limit 1;
  if odd is not null then
    perform sys.local_refuse('0A000', format('datatype %s is not supported in a key', odd));
  end if;
  if exists (select from pg_attribute where attrelid = index and attnum <= made.indnkeyatts
             and atttypid = any ('{bpchar,varchar}'::regtype[]::oid[]) and atttypmod - 4 > 2000) then
    perform sys.local_refuse('54000', 'key size greater than 2000 bytes not supported');
  end if;
end $$;

-- Tables that were made with a primary key, which stays.
create table sys.local_keyed (relation oid primary key);

create function sys.local_on_limits() returns event_trigger
  language plpgsql security definer set search_path = pg_catalog set allow_system_table_mods = on as $$
declare
  made record;
  size bigint;
begin
  for made in select distinct objid, object_type, command_tag from pg_event_trigger_ddl_commands()
    where not in_extension and schema_name is distinct from 'sys' loop
    if made.object_type in ('table', 'table column') then
      perform sys.local_check_table(made.objid);
      if made.command_tag = 'CREATE TABLE' then
        insert into sys.local_keyed select indrelid from pg_index where indrelid = made.objid and indisprimary;
      end if;
    elsif made.object_type = 'index' then
      perform sys.local_check_index(made.objid);
    elsif made.object_type = 'type' and not sys.local_is_column_type((select typbasetype from pg_type where oid = made.objid)) then
      perform sys.local_refuse('0A000', format('datatype %s not supported',
        (select format_type(typbasetype, null) from pg_type where oid = made.objid)));
    elsif made.object_type = 'schema' then
      select count(*) into size from pg_namespace where nspname !~ '^pg_' and nspname not in ('public', 'sys', 'information_schema');
      if size > sys.local_limit('schemas') then
        perform sys.local_refuse('54000', format('more than %s schemas not allowed', sys.local_limit('schemas')));
      end if;
    elsif made.object_type = 'view' then
      select count(*) into size from pg_class c join pg_namespace n on n.oid = relnamespace
        where relkind = 'v' and nspname not in ('pg_catalog', 'sys', 'information_schema');
      if size > sys.local_limit('views') then
        perform sys.local_refuse('54000', format('creating more than %s views not allowed', sys.local_limit('views')));
      end if;
      if octet_length(pg_get_viewdef(made.objid)) > sys.local_limit('view_bytes') then
        perform sys.local_refuse('54000', 'view definition too large');
      end if;
    elsif made.object_type = 'statistics object' then
      select count(*) into size from pg_statistic_ext
        where stxrelid = (select stxrelid from pg_statistic_ext where oid = made.objid);
      if size > sys.local_limit('statistics') then
        perform sys.local_refuse('54000', format('more than %s extended statistics per table are not allowed', sys.local_limit('statistics')));
      end if;
    end if;
    -- Identity columns make sequences that no command tells of.
    if made.object_type in ('sequence', 'table') then
      select count(*) into size from pg_class c join pg_namespace n on n.oid = relnamespace where relkind = 'S' and nspname <> 'sys';
      if size > sys.local_limit('sequences') then
        perform sys.local_refuse('54000', format('creating more than %s sequences is not allowed', sys.local_limit('sequences')));
      end if;
    end if;
  end loop;
end $$;

create event trigger local_on_limits on ddl_command_end
  when tag in ('CREATE TABLE', 'ALTER TABLE', 'CREATE INDEX', 'CREATE SCHEMA', 'CREATE VIEW', 'CREATE SEQUENCE', 'CREATE STATISTICS', 'CREATE DOMAIN')
  execute function sys.local_on_limits();

create function sys.local_on_key_drop() returns event_trigger
  language plpgsql security definer set search_path = pg_catalog as $$
declare
  keyless oid := (select relation from sys.local_keyed join pg_class c on c.oid = relation
    where not exists (select from pg_index where indrelid = relation and indisprimary) limit 1);
  gone text;
begin
  if keyless is null then
    return;
  end if;
  select address_names[3] into gone from pg_event_trigger_dropped_objects()
    where object_type = 'table column' and objid = keyless limit 1;
  if gone is not null then
    perform sys.local_refuse('0A000', format('cannot drop primary key column %s', gone));
  end if;
  perform sys.local_refuse('0A000', 'unsupported ALTER TABLE DROP CONSTRAINT statement');
end $$;

create event trigger local_on_key_drop on sql_drop when tag in ('ALTER TABLE') execute function sys.local_on_key_drop();

-- What a large row is refused for, if it is: one expression over the columns of r.
create function sys.local_row_check(relation oid) returns text language sql stable set search_path = pg_catalog as $$
  with limited as (
    select attname, format_type(atttypid, null) as type, attnum,
           case atttypid when 'bpchar'::regtype then sys.local_limit('char_bytes')
                         when 'varchar'::regtype then sys.local_limit('varchar_bytes')
                         else sys.local_limit('value_bytes') end as most
      from pg_attribute
      where attrelid = relation and attnum > 0 and not attisdropped
        and atttypid = any ('{bpchar,varchar,text,bytea,json,jsonb}'::regtype[]::oid[])
  ), key as (
    -- An entry of an index holds the primary key as well.
    select distinct i.indexrelid, k.attnum, a.attname, a.atttypid
      from pg_index i
      join pg_index of_row on of_row.indexrelid = i.indexrelid or of_row.indrelid = i.indrelid and of_row.indisprimary
      cross join unnest((of_row.indkey::int2[])[0:of_row.indnkeyatts - 1]) as k(attnum)
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
      where i.indrelid = relation
  ), keys as (
    select string_agg(case when atttypid = any ('{bpchar,varchar,text}'::regtype[]::oid[])
             then format('coalesce(octet_length(r.%I), 0)', attname)
             else format('coalesce(pg_column_size(r.%I), 0)', attname) end, ' + ') as size
      from key group by indexrelid
  )
  select 'coalesce(' || string_agg(term, ', ') || ', null)' from (
    select format('case when %s > %s then %L end', size, sys.local_limit('key_bytes'), 'key size too large') from keys
    union all
    select format('case when pg_column_size(r.%I) > %s then %L end', attname, most + 4,
      format('datatype limit greater than %s bytes not supported for %s', most, type)) from limited
  ) as terms(term)
$$;

