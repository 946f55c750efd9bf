{% macro double(column) %}({{ column }} * 2){% endmacro %}
