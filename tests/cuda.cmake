# The cuda backend, proven with no GPU: the emulated device is a module of its own; what needs nvcc and cuDNN is tested
# where they are found.
if(LSC_WITH_CUDA STREQUAL "OFF")
  return()
endif()

# Our kernels as C++, by the emulator. The .cu sources mean pointers to be converted, and names to be hidden.
add_library(lsc_test_emulator STATIC cuda/emulator.cpp)
target_link_libraries(lsc_test_emulator PRIVATE lsc_flags)
target_include_directories(lsc_test_emulator PUBLIC ${CMAKE_SOURCE_DIR}/tests)
target_compile_options(lsc_test_emulator PRIVATE -O2)

add_library(losscope_cuda_emulated MODULE cuda/emulated.c cuda/emulated_conv.c)
target_link_libraries(losscope_cuda_emulated PRIVATE lsc_test_emulator lsc_nn)
target_link_options(losscope_cuda_emulated PRIVATE -Wl,--exclude-libs,ALL)
set_target_properties(losscope_cuda_emulated PROPERTIES PREFIX "")
set(emulated ${CMAKE_CURRENT_BINARY_DIR}/losscope_cuda_emulated.so)

# The contract of backends, with the emulated device as one of them.
add_test(NAME cuda_backend_contract COMMAND test_nn_backends)
set_tests_properties(cuda_backend_contract PROPERTIES LABELS "contract;cuda" TIMEOUT 60
                     ENVIRONMENT LOSSCOPE_CUDA_MODULE=${emulated})

add_library(losscope_cuda_other_version MODULE cuda/other_version.c)
target_link_libraries(losscope_cuda_other_version PRIVATE lsc_flags)
set(real "")
if(LSC_HAVE_CUDA_MODULE)
  set(real $<TARGET_FILE:losscope_cuda>)
endif()
lsc_test(cuda_loader LIBS lsc_test_landscape LABELS cli cuda
         ARGS ${emulated} $<TARGET_FILE:losscope_cuda_other_version> ${real})
add_dependencies(test_cuda_loader landscape losscope_cuda_emulated losscope_cuda_other_version)

lsc_test(cuda_half LIBS lsc_base LABELS unit cuda)
lsc_test(cuda_kernels SOURCES cuda/cases.c LIBS lsc_test_emulator lsc_nn LABELS unit cuda)
add_test(NAME cuda_configure COMMAND ${CMAKE_COMMAND} -DSOURCE=${CMAKE_SOURCE_DIR}
         -DBUILD=${CMAKE_CURRENT_BINARY_DIR}/cuda_configure -P ${CMAKE_CURRENT_SOURCE_DIR}/cuda/configure.cmake)
set_tests_properties(cuda_configure PROPERTIES LABELS "cli;cuda" TIMEOUT 60)
lsc_test(cuda_evaluator LIBS lsc_nn ${CMAKE_DL_LIBS} LABELS contract cuda ARGS ${emulated})
add_dependencies(test_cuda_evaluator losscope_cuda_emulated)

# The objective of networks, with the emulated device as what "auto" finds.
add_test(NAME cuda_objective COMMAND test_landscape_objective)
set_tests_properties(cuda_objective PROPERTIES LABELS "contract;cuda" TIMEOUT 60
                     ENVIRONMENT LOSSCOPE_CUDA_MODULE=${emulated})
