with

predictions as (

    select * from {{ ref('predict_driver_position') }}

),

hold_out as (

    select * from {{ ref('hold_out_dataset') }}

),

results as (

    select * from {{ ref('mart_results') }}

),

joined as (

    select
        predictions.result_id,
        results.race_id,
        results.race_year,
        results.race_round,
        results.race_name,
        results.driver,
        results.constructor,
        results.grid,
        results.position,
        hold_out.position_label as actual_label,
        predictions.predicted_label,
        predictions.predicted_label = hold_out.position_label as is_correct,
        predictions.probability_podium,
        predictions.probability_points,
        predictions.probability_none,
        case hold_out.position_label
            when 'podium' then predictions.probability_podium
            when 'points' then predictions.probability_points
            when 'none' then predictions.probability_none
        end as probability_of_actual
    from predictions
    inner join hold_out on predictions.result_id = hold_out.result_id
    inner join results on predictions.result_id = results.result_id

),

judged as (

    select
        *,
        -- a probability of 0 counts as the least that 1 − p can tell from it in a double
        -ln(greatest(probability_of_actual, 2.220446049250313e-16)) as log_loss
    from joined

)

select * from judged
