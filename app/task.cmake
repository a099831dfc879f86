# The part of a configuration that train and landscape share; the one target of app/ that knows nn and data.
add_library(lsc_task STATIC task.c task_kinds.c)
target_link_libraries(lsc_task PUBLIC lsc_flags lsc_app lsc_nn lsc_data)
