select '{{ target.name }}' as name, '{{ target.type }}' as type
