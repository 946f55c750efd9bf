select 1 as id, 10 as total, '5% \o/' as note
