with

constructors as (

    select * from {{ ref('stg_formula1__constructors') }}

),

final as (

    select
        constructor_id,
        constructor_ref,
        constructor_name as constructor,
        constructor_nationality
    from constructors

)

select * from final
