-- The youngest was 17, the oldest 58.
select result_id, driver, race_date, date_of_birth, driver_age_years
from {{ ref('mart_results') }}
where not (driver_age_years between 15 and 65)
