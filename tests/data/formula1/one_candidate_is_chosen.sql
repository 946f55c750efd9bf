-- One candidate is chosen, and none has a smaller log-loss.
select count(*) as chosen, min(log_loss) as log_loss
from {{ ref('train_driver_position') }}
where is_chosen
having count(*) <> 1 or min(log_loss) > (select min(log_loss) from {{ ref('train_driver_position') }})
