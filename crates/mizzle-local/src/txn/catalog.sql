with tables as (
  select c.oid, c.relname from pg_class c join pg_namespace n on n.oid = relnamespace
   where relkind = 'r' and nspname not in ('pg_catalog', 'information_schema', 'sys') and nspname !~ '^pg_'
), places as (
  select attrelid, attnum, (row_number() over (partition by attrelid order by attnum) - 1)::text as place
    from pg_attribute where attnum > 0 and not attisdropped and attrelid in (select oid from tables)
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
select '6 writer', p.oid, proname, '', '', '', '', 0 from pg_proc p join pg_namespace n on n.oid = pronamespace
 where provolatile = 'v' and nspname not in ('pg_catalog', 'information_schema', 'sys')
union all
select '6 writer', c.oid, c.relname, '', '', '', '', 0
  from pg_class c join pg_rewrite r on r.ev_class = c.oid and c.relkind = 'v'
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_proc'::regclass
  join pg_proc p on p.oid = d.refobjid and provolatile = 'v' join pg_namespace n on n.oid = pronamespace
 where nspname not in ('pg_catalog', 'information_schema', 'sys')
union all
select '7 looks', 0, '', '', '', '', '', 0
 where exists (select from pg_proc p join pg_namespace n on n.oid = pronamespace
                where nspname not in ('pg_catalog', 'information_schema', 'sys'))
    or exists (select from pg_class where relkind = 'v' and array_to_string(reloptions, ',') ~ 'check_option')
order by fact, oid, at
