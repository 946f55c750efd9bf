-- One candidate is chosen, if there is any, and none has a smaller log-loss.
with

candidates as (

    select * from {{ ref('train_driver_position') }}

),

counted as (

    select
        count(*) as candidates,
        sum(case when is_chosen then 1 else 0 end) as chosen,
        min(log_loss) as least,
        min(case when is_chosen then log_loss end) as log_loss_of_chosen
    from candidates

)

select * from counted
where candidates > 0 and (chosen <> 1 or log_loss_of_chosen > least)
