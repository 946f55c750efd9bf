"""A plan of a flow, and how it is shown: as text, JSON, Mermaid or SVG; knows no dbt."""
