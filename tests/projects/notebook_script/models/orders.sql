select 1 as id, 10 as total union all select 2, 20
