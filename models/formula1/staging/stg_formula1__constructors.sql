with

source as (

    select * from {{ source('formula1', 'constructors') }}

),

renamed as (

    select
        constructor_id,
        constructor_ref,
        -- one name holds an entity of HTML
        replace(name, '&amp;', '&') as constructor_name,
        nationality as constructor_nationality,
        url as wikipedia_url
    from source

)

select * from renamed
