create table sys.local_jobs (
  job_id text primary key,
  status text not null default 'submitted',
  details text,
  job_type text not null,
  class_id oid not null default 1259,
  object_id oid,
  -- of the constraint to validate
  subject text,
  start_time timestamptz not null default clock_timestamp(),
  update_time timestamptz not null default clock_timestamp(),
  due timestamptz not null
);

-- PostgreSQL analyzes tables by itself as they change; each time is shown as the job it would be.
create view sys.jobs as
  select job_id, status, details, job_type, class_id, object_id,
         (select format('%I.%I', nspname, relname) from pg_catalog.pg_class c
           join pg_catalog.pg_namespace n on n.oid = relnamespace where c.oid = object_id) as object_name,
         start_time, update_time
    from sys.local_jobs
  union all
  select substr(translate(md5(relid::text || at::text), '0189', 'ghij'), 1, 26), 'completed', null, 'ANALYZE', 1259, relid,
         format('%I.%I', schemaname, relname), at, at
    from pg_catalog.pg_stat_user_tables
    cross join lateral greatest(last_analyze, last_autoanalyze) as at
    where at > clock_timestamp() - pg_catalog.current_setting('mizzle.job_retention')::interval and schemaname <> 'sys';

grant select on sys.jobs to public;

-- The pace that was set while the cluster runs, if one was.
create table sys.local_pace (delay interval not null);

create function sys.local_job_delay() returns interval language sql stable security definer as $$
  select coalesce((select delay from sys.local_pace), pg_catalog.current_setting('mizzle.job_delay')::interval)
$$;

create function sys.local_set_job_delay(asked text) returns void language plpgsql as $$
begin
  delete from sys.local_pace;
  insert into sys.local_pace values (asked::interval);
  update sys.local_jobs set due = least(due, clock_timestamp() + asked::interval / 2) where status in ('submitted', 'processing');
  perform pg_catalog.pg_notify('mizzle_jobs', '');
end $$;

create function sys.local_submit(kind text, object oid, about text) returns text
  language sql security definer set search_path = pg_catalog as $$
  delete from sys.local_jobs where status in ('completed', 'failed')
    and update_time < clock_timestamp() - current_setting('mizzle.job_retention')::interval;
  select pg_notify('mizzle_jobs', '');
  insert into sys.local_jobs (job_id, job_type, object_id, subject, due)
    select string_agg(substr('abcdefghijklmnopqrstuvwxyz234567', 1 + floor(random() * 32)::int, 1), ''),
           kind, object, about, clock_timestamp() + sys.local_job_delay() / 2
      from generate_series(1, 26)
    returning job_id
$$;

-- An index is built at once and is invalid until its job says otherwise. A unique one is built as a plain one, which
-- takes rows that are equal; from here on it is unique to every new row, whatever the job finds among the old ones.
create function sys.local_submit_index(index oid, is_unique boolean) returns text
  language plpgsql security definer set search_path = pg_catalog set allow_system_table_mods = on as $$
begin
  update pg_index set indisvalid = false, indisunique = is_unique where indexrelid = index;
  return sys.local_submit('INDEX_BUILD', index, null);
end $$;

create function sys.local_async_index(statement text, is_unique boolean) returns text language plpgsql as $$
declare index oid;
begin
  perform pg_catalog.set_config('mizzle.object', '', true);
  begin
    execute statement;
  exception
    when undefined_object then
      if sqlerrm ~ '^data type .* has no default operator class' then
        raise exception using errcode = '0A000',
          message = format('datatype %s is not supported in a key', substring(sqlerrm from '^data type (.*) has no default'));
      end if;
      raise;
  end;
  index := nullif(pg_catalog.current_setting('mizzle.object', true), '')::oid;
  if index is null then
    -- IF NOT EXISTS, and it does.
    return sys.local_submit('INDEX_BUILD', null, null);
  end if;
  return sys.local_submit_index(index, is_unique);
end $$;

create function sys.local_async_validate(name text, about text, missing_ok boolean) returns text language plpgsql as $$
declare
  relation oid := case when missing_ok then pg_catalog.to_regclass(name) else name::regclass end;
  kind "char" := (select contype from pg_catalog.pg_constraint where conrelid = relation and conname = about);
  owner oid := (select relowner from pg_catalog.pg_class where oid = relation);
begin
  if relation is null then
    return sys.local_submit('VALIDATE_CONSTRAINT', null, null);
  end if;
  if not pg_catalog.pg_has_role(current_user, owner, 'usage') then
    raise exception using errcode = '42501', message = format('must be owner of table %s', relation::regclass);
  elsif kind is null then
    raise exception using errcode = '42704',
      message = format('constraint "%s" of relation "%s" does not exist', about, relation::regclass);
  elsif kind not in ('c', 'f') then
    raise exception using errcode = '42809',
      message = format('constraint "%s" of relation "%s" is not a foreign key or check constraint', about, relation::regclass);
  end if;
  return sys.local_submit('VALIDATE_CONSTRAINT', relation, about);
end $$;

create function sys.local_on_drop() returns event_trigger
  language plpgsql security definer set search_path = pg_catalog as $$
begin
  perform sys.local_submit('DROP', objid, null) from pg_event_trigger_dropped_objects()
    where original and object_type in ('table', 'index') and schema_name <> 'sys';
end $$;

create event trigger local_on_drop on sql_drop when tag in ('DROP TABLE', 'DROP INDEX') execute function sys.local_on_drop();

create function sys.local_has_duplicates(index oid) returns boolean language plpgsql as $$
declare
  made pg_index := (select i from pg_index i where indexrelid = index);
  keys text := (select string_agg(pg_get_indexdef(index, k, true), ', ') from generate_series(1, made.indnkeyatts) k);
  filled text := (select string_agg(format('(%s) is not null', pg_get_indexdef(index, k, true)), ' and ')
    from generate_series(1, made.indnkeyatts) k);
  found boolean;
begin
  execute format('select exists (select from %s where %s and (%s) group by %s having count(*) > 1)', made.indrelid::regclass,
    coalesce(pg_get_expr(made.indpred, made.indrelid), 'true'), case when made.indnullsnotdistinct then 'true' else filled end, keys)
    into found;
  return found;
end $$;

-- Does what a job stands for; answers why it failed.
create function sys.local_work(kind text, object oid, about text) returns text language plpgsql as $$
begin
  if kind = 'DROP' or object is null then
    return null;
  elsif not exists (select from pg_class where oid = object) then
    return 'the object was dropped';
  elsif kind = 'VALIDATE_CONSTRAINT' then
    execute format('alter table %s validate constraint %I', object::regclass, about);
    return null;
  elsif (select indisunique from pg_index where indexrelid = object) and sys.local_has_duplicates(object) then
    return 'Found duplicate key while validating index for UCVs';
  end if;
  update pg_index set indisvalid = true where indexrelid = object;
  -- Plans of the table are made anew.
  update pg_class set relpages = relpages where oid = (select indrelid from pg_index where indexrelid = object);
  return null;
exception
  when check_violation then
    return format('check constraint "%s" is violated by some row', about);
  when lock_not_available or serialization_failure or deadlock_detected or internal_error then
    return '';
  when others then
    return sqlerrm;
end $$;

create function sys.local_next_job() returns sys.local_jobs language sql stable as $$
  select j from sys.local_jobs j where status in ('submitted', 'processing') order by due, job_id limit 1
$$;

-- Takes the job that is due one step further, except to its end. Answers how many milliseconds until the next is
-- due, -1 when its end is; null when there is none.
create function sys.local_jobs_step() returns bigint language plpgsql set search_path = pg_catalog as $$
declare job sys.local_jobs := sys.local_next_job();
begin
  if job.job_id is null then
    return null;
  elsif job.due > clock_timestamp() then
    return ceil(extract(epoch from job.due - clock_timestamp()) * 1000);
  elsif job.status = 'submitted' then
    update sys.local_jobs set status = 'processing', update_time = clock_timestamp(),
        due = clock_timestamp() + sys.local_job_delay() / 2
      where job_id = job.job_id;
    return 0;
  end if;
  return -1;
end $$;

-- Ends the job that is due. Answers 1 when the catalog is another one now, else 0.
create function sys.local_jobs_finish() returns bigint
  language plpgsql set search_path = pg_catalog set allow_system_table_mods = on set lock_timeout = '1s' as $$
declare
  job sys.local_jobs := sys.local_next_job();
  failure text;
  valid_before boolean := job.job_type <> 'VALIDATE_CONSTRAINT'
    or (select convalidated from pg_constraint where conrelid = job.object_id and conname = job.subject);
begin
  failure := sys.local_work(job.job_type, job.object_id, job.subject);
  if failure = '' then
    -- Somebody was in the way: later.
    update sys.local_jobs set due = clock_timestamp() + interval '20 milliseconds' where job_id = job.job_id;
    return 0;
  end if;
  update sys.local_jobs set status = case when failure is null then 'completed' else 'failed' end, details = failure,
      update_time = clock_timestamp()
    where job_id = job.job_id;
  return (failure is null and job.object_id is not null
    and (job.job_type = 'INDEX_BUILD' or job.job_type = 'VALIDATE_CONSTRAINT' and not valid_before))::int;
end $$;

create procedure sys.wait_for_job(job_id text, inout succeeded boolean default null) language plpgsql as $$
declare
  seen text;
  patience timestamptz := clock_timestamp() + interval '10 minutes';
begin
  loop
    seen := (select j.status from sys.jobs j where j.job_id = wait_for_job.job_id);
    exit when seen is null or seen in ('completed', 'failed') or clock_timestamp() > patience;
    perform pg_catalog.pg_sleep(0.004);
    -- What others committed meanwhile is seen by the next transaction.
    commit;
  end loop;
  succeeded := coalesce(seen = 'completed', false);
end $$;

