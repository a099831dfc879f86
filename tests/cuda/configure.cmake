# Without nvcc: AUTO builds without the module, ON says what is missing.
#     cmake -DSOURCE=... -DBUILD=... -P configure.cmake
function(configure with result_variable output_variable)
  execute_process(COMMAND ${CMAKE_COMMAND} -S ${SOURCE} -B ${BUILD}/${with} -DLSC_WITH_CUDA=${with} -DLSC_WITH_VTK=OFF
                          -DLSC_TESTS=OFF -DCMAKE_CUDA_COMPILER=CMAKE_CUDA_COMPILER-NOTFOUND
                  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  set(${result_variable} ${result} PARENT_SCOPE)
  set(${output_variable} "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${BUILD})
configure(AUTO result output)
if(NOT result EQUAL 0 OR NOT output MATCHES "DISABLED|disabled")
  message(FATAL_ERROR "AUTO without nvcc should configure and list the module as disabled:\n${output}")
endif()
configure(ON result output)
if(result EQUAL 0 OR NOT output MATCHES "LSC_WITH_CUDA=ON needs nvcc")
  message(FATAL_ERROR "ON without nvcc should say what it needs:\n${output}")
endif()
file(REMOVE_RECURSE ${BUILD})
