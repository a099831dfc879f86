# The adapter from networks and data to liblosscope.
add_library(lsc_objective_nn STATIC objective_nn.c samples.c)
target_link_libraries(lsc_objective_nn PUBLIC lsc_flags losscope lsc_nn lsc_data lsc_hash)
