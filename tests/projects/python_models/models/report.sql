select share.id, share.share, mean.mean from {{ ref('share') }} cross join {{ ref('mean') }}
