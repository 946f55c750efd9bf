with

source as (

    select * from {{ source('formula1', 'seasons') }}

),

renamed as (

    select
        year as season_year,
        url as wikipedia_url
    from source

)

select * from renamed
