with tables as (
  select c.oid, c.relname from pg_class c join pg_namespace n on n.oid = relnamespace
   where relkind = 'r' and nspname not in ('pg_catalog', 'information_schema', 'sys') and nspname !~ '^pg_'
), places as (
  select attrelid, attnum, (row_number() over (partition by attrelid order by attnum) - 1)::text as place
    from pg_attribute where attnum > 0 and not attisdropped and attrelid in (select oid from tables)
), views as (
  select c.oid, relname, ev_action::text as action from pg_class c join pg_rewrite on ev_class = c.oid join pg_namespace n on n.oid = relnamespace
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
select '8 partly', attrelid, '', '', '', '', '', 0 from pg_attribute where attacl is not null and attrelid in (select oid from tables)
union all
select '9 entry', t.oid, coalesce((select string_agg(place, ',') from unnest(indkey::int2[]) k (attnum)
          join places p on p.attrelid = t.oid and p.attnum = k.attnum), ''), '', '', '', '', indexrelid::int8
  from tables t join pg_index on indrelid = t.oid where not indisprimary and indpred is null
order by fact, oid, at
