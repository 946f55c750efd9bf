-- Probabilities lie between 0 and 1, sum to 1, and the predicted class has the greatest.
select *
from {{ ref('predict_driver_position') }}
where least(probability_podium, probability_points, probability_none) < 0
    or abs(probability_podium + probability_points + probability_none - 1) > 1e-9
    or greatest(probability_podium, probability_points, probability_none) > case predicted_label
        when 'podium' then probability_podium
        when 'points' then probability_points
        else probability_none
    end
