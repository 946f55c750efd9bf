select '{{ target.name }}' as name, '{{ target.schema }}' as schema
