"""Names and models that workflows, activities and services agree on."""
