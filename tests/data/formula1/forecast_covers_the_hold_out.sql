-- Each held-out result has a forecast that is compared with what came of it.
select hold_out.result_id
from {{ ref('hold_out_dataset') }} as hold_out
left join {{ ref('fct_driver_position_forecast') }} as forecast
    on hold_out.result_id = forecast.result_id
where forecast.result_id is null
