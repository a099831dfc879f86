# The adapter from networks and data to liblosscope.
add_library(lsc_objective_nn STATIC objective_nn.c objective_nn_theta.c objective_nn_norm.c objective_nn_gradient.c
            objective_nn_device.c objective_nn_settings.c samples.c)
target_link_libraries(lsc_objective_nn PUBLIC lsc_flags losscope lsc_nn lsc_data lsc_hash)

# The program `landscape`, and the library that its tests call.
add_library(lsc_landscape STATIC program.c launcher.c request.c subject.c forecast.c provenance.c report.c)
target_link_libraries(lsc_landscape PUBLIC lsc_flags lsc_objective_nn lsc_task lsc_app lsc_viz lsc_module)
add_executable(landscape main.c)
target_link_libraries(landscape PRIVATE lsc_landscape)

# What only processes that a launcher of MPI started open.
if(LSC_HAVE_MPI)
  add_library(losscope_mpi MODULE ranks_mpi.c)
  target_link_libraries(losscope_mpi PRIVATE lsc_flags MPI::MPI_C)
  set_target_properties(losscope_mpi PROPERTIES PREFIX ""
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/landscape/${LSC_MODULE_FOLDER} INSTALL_RPATH_USE_LINK_PATH ON)
  install(TARGETS losscope_mpi LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/losscope)
endif()

lsc_program(landscape "evaluate the loss around a checkpoint")
