with tables as (
  select c.oid, c.relname from pg_class c join pg_namespace n on n.oid = relnamespace
   where relkind = 'r' and nspname not in ('pg_catalog', 'information_schema', 'sys') and nspname !~ '^pg_'
), places as (
  select attrelid, attnum, (row_number() over (partition by attrelid order by attnum) - 1)::text as place
    from pg_attribute where attnum > 0 and not attisdropped and attrelid in (select oid from tables)
), views as (
  select c.oid, relname, r.oid as rule, ev_action::text as action from pg_class c join pg_rewrite r on ev_class = c.oid join pg_namespace n on n.oid = relnamespace
   where relkind = 'v' and nspname not in ('pg_catalog', 'information_schema', 'sys')
), stirring as (
  select exists (select from pg_proc p join pg_namespace n on n.oid = pronamespace
                  where provolatile = 'v' and nspname not in ('pg_catalog', 'information_schema', 'sys'))
         or exists (select from views where action ~ 'ROWMARKCLAUSE') as anything
), hidden as (
  -- Besides functions, whatever can have one called that the statement does not name.
  select p.oid, proname as name,
         concat_ws(' ', prosrc, pg_get_function_sqlbody(p.oid), pg_get_function_arguments(p.oid)) as definition,
         concat_ws(' ', case when provolatile = 'v' then 'writes' end, case when prosrc ~* '\mfor\s+update\M' then 'update' end,
           case when prosrc ~* '\mfor\s+key\s+share\M' then 'share' end, case when prosqlbody::text ~ 'ROWMARKCLAUSE' then 'update' end) as does
    from pg_proc p join pg_namespace n on n.oid = pronamespace
   where nspname not in ('pg_catalog', 'information_schema', 'sys')
  union all
  select oid, relname, case when anything then pg_get_viewdef(oid) end,
         concat_ws(' ', case when action ~ 'ROWMARKCLAUSE :rti \d+ :strength 1 ' then 'share' end,
           case when action ~ 'ROWMARKCLAUSE :rti \d+ :strength [234] ' then 'update' end)
    from views cross join stirring where anything
  union all
  select t.oid, typname, concat_ws(' ', pg_get_expr(typdefaultbin, 0), pg_get_constraintdef(o.oid), format_type(typbasetype, null)), ''
    from pg_type t left join pg_constraint o on contypid = t.oid cross join stirring
   where typtype = 'd' and anything and typnamespace <> 'information_schema'::regnamespace
  union all
  -- A record of a table is checked by the domains of its columns.
  select t.oid, t.relname, typname, '' from tables t join pg_attribute on attrelid = t.oid join pg_type y on y.oid = atttypid
    cross join stirring where typtype = 'd' and anything
)
select '1 table' as fact, t.oid, n.nspname as a, t.relname as b, '' as c, '' as d, '' as e, 0 as at
  from tables t join pg_class using (oid) join pg_namespace n on n.oid = relnamespace
union all
select '2 column', t.oid, quote_ident(attname), format_type(atttypid, atttypmod),
       format_type(coalesce(nullif(typbasetype, 0), atttypid), null), attgenerated::text, '', attnum
  from tables t join pg_attribute on attrelid = t.oid join pg_type y on y.oid = atttypid
 where attnum > 0 and not attisdropped
union all
select '3 key', t.oid, indexrelid::text, indisprimary::text, indnullsnotdistinct::text,
       (select string_agg(place, ',' order by k.at) from unnest(indkey[0:indnkeyatts - 1]) with ordinality k (attnum, at)
          join places p on p.attrelid = t.oid and p.attnum = k.attnum), '', indexrelid::int8
  from tables t join pg_index on indrelid = t.oid
 where indisunique and indexprs is null and indpred is null
union all
select '4 odd', t.oid, '', '', '', '', '', 0
  from tables t join pg_index on indrelid = t.oid
 where indisunique and (indexprs is not null or indpred is not null)
union all
select '5 foreign', t.oid, conindid::text,
       (select string_agg(place, ',' order by k.at) from unnest(indkey[0:indnkeyatts - 1]) with ordinality k (attnum, at)
          join places p on p.attrelid = t.oid and p.attnum = conkey[array_position(confkey, k.attnum)]),
       confrelid::text, (condeferrable and convalidated)::text, conname, con.oid::int8
  from tables t join pg_constraint con on conrelid = t.oid and contype = 'f' join pg_index on indexrelid = conindid
union all
select '6 hidden', h.oid, h.name, h.definition, h.does, '', '', 0 from hidden h
 cross join stirring where anything
union all
select '7 other', c.oid, relname, '', '', '', '', 0 from pg_class c join pg_namespace n on n.oid = relnamespace
 where relkind <> 'r' and relkind <> 'i' and nspname not in ('pg_catalog', 'information_schema', 'sys') and nspname !~ '^pg_'
union all
select '7 looks', 0, '', '', '', '', '', 0
 where exists (select from pg_proc p join pg_namespace n on n.oid = pronamespace
                where nspname not in ('pg_catalog', 'information_schema', 'sys'))
    or exists (select from pg_class where relkind = 'v' and array_to_string(reloptions, ',') ~ 'check_option')
union all
select '8 partly', attrelid, '', '', '', '', '', 0 from pg_attribute where attacl is not null and attrelid in (select oid from tables)
union all
select '9 entry', t.oid, coalesce((select string_agg(place, ',') from unnest(indkey::int2[]) k (attnum)
          join places p on p.attrelid = t.oid and p.attnum = k.attnum), ''), '', '', '', '', indexrelid::int8
  from tables t join pg_index on indrelid = t.oid where not indisprimary and indpred is null
union all
-- Checks that a row which passed them once may fail today, or never passed.
select '9 unsteady', t.oid, relchecks::text, '', '', '', '', 0 from tables t join pg_class c using (oid)
 where exists (select from pg_constraint where conrelid = t.oid and contype = 'c' and (not convalidated
   or conbin::text ~ 'SQLVALUEFUNCTION|COERCEVIAIO'
   or exists (select from regexp_matches(conbin::text, ':(?:opfuncid|funcid) (\d+)', 'g') f join pg_proc p on p.oid = f[1]::oid where provolatile <> 'i')))
union all
select '9 timed', oid, kind, relation::text, body, '', '', 0 from (
  select d.oid, 'pg_attrdef', adrelid, '', adbin::text from pg_attrdef d join tables t on t.oid = adrelid
  union all
  select o.oid, 'pg_constraint', conrelid, '', conbin::text from pg_constraint o where contype = 'c' and connamespace <> 'information_schema'::regnamespace
  union all
  select y.oid, 'pg_type', 0, '', typdefaultbin::text from pg_type y where typtype = 'd' and typnamespace <> 'information_schema'::regnamespace
  union all
  select rule, 'pg_rewrite', oid, '', action from views
  union all
  select p.oid, 'pg_proc', 0, '', concat(prosqlbody::text, proargdefaults::text) from pg_proc p join pg_namespace n on n.oid = pronamespace
   where nspname not in ('pg_catalog', 'information_schema', 'sys')
  union all
  select p.oid, 'body', 0, prosrc, case when prosrc ~* '\m(current_(date|time|timestamp)|localtime|localtimestamp)\M' then 'SQLVALUEFUNCTION :op 0 ' end
    from pg_proc p join pg_namespace n on n.oid = pronamespace join pg_language l on l.oid = prolang and lanname = 'sql'
   where nspname not in ('pg_catalog', 'information_schema', 'sys') and prosqlbody is null
) stored (oid, kind, relation, body, tree) where tree ~ 'SQLVALUEFUNCTION :op [0-8] '
order by fact, oid, at
