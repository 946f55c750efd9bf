-- Nothing of a race that is held out is learned from.
select hold_out.result_id, hold_out.race_id
from {{ ref('hold_out_dataset') }} as hold_out
inner join {{ ref('training_dataset') }} as training
    on hold_out.race_id = training.race_id
