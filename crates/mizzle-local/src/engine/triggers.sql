do $up$
declare
  definitions text[];
  definition text;
  touched oid;
  old name;
begin
  begin
    perform pg_catalog.set_config('mizzle.tables_limit', '2147483647', true);
    create table public.mizzle_probe (id int primary key);
    definitions := array(select pg_get_triggerdef(oid) from pg_trigger where tgrelid = 'public.mizzle_probe'::regclass);
    -- The table goes with this; what was read stays.
    raise exception using errcode = 'MZ002';
  exception
    when sqlstate 'MZ002' then null;
  end;
  for touched in select c.oid from pg_class c join pg_namespace n on n.oid = relnamespace
    where relkind = 'r' and nspname !~ '^pg_' and nspname not in ('sys', 'information_schema') loop
    for old in select tgname from pg_trigger where tgrelid = touched and tgname like 'local\_%' loop
      execute format('drop trigger %I on %s', old, touched::regclass);
    end loop;
    foreach definition in array definitions loop
      execute replace(definition, ' ON public.mizzle_probe ', format(' ON %s ', touched::regclass));
    end loop;
    -- Internal triggers are not shown by \d, information_schema and pg_dump.
    update pg_trigger set tgisinternal = true where tgrelid = touched and tgname like 'local\_%';
  end loop;
end $up$
