with

source as (

    select * from {{ source('formula1', 'constructor_results') }}

),

renamed as (

    select
        constructor_results_id,
        race_id,
        constructor_id,
        points,
        status
    from source

)

select * from renamed
