# The cuda backend, proven with no GPU: the emulated device is a module of its own; what needs nvcc and cuDNN is tested
# where they are found.
if(LSC_WITH_CUDA STREQUAL "OFF")
  file(WRITE ${CMAKE_BINARY_DIR}/gpu-skipped "all skipped (LSC_WITH_CUDA=OFF)\n")
  return()
endif()

# Our kernels as C++, by the emulator. The .cu sources mean pointers to be converted, and names to be hidden.
add_library(lsc_test_emulator STATIC cuda/emulator.cpp)
target_link_libraries(lsc_test_emulator PRIVATE lsc_flags)
target_include_directories(lsc_test_emulator PUBLIC ${CMAKE_SOURCE_DIR}/tests)
target_compile_options(lsc_test_emulator PRIVATE -O2)

add_library(losscope_cuda_emulated MODULE cuda/emulated.c cuda/emulated_conv.c cuda/emulated_plans.c cuda/emulated_settings.c)
target_link_libraries(losscope_cuda_emulated PRIVATE lsc_test_emulator lsc_nn)
target_link_options(losscope_cuda_emulated PRIVATE -Wl,--exclude-libs,ALL)
set_target_properties(losscope_cuda_emulated PROPERTIES PREFIX "")
set(emulated ${CMAKE_CURRENT_BINARY_DIR}/losscope_cuda_emulated.so)

# The contract of backends, with the emulated device as one of them.
add_test(NAME cuda_backend_contract COMMAND test_nn_backends)
set_tests_properties(cuda_backend_contract PROPERTIES LABELS "contract;cuda" TIMEOUT ${LSC_TEST_SECONDS}
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
lsc_test(cuda_kernels SOURCES cuda/cases.c cuda/cases_weights.c cuda/cases_norm.c
         cuda/cases_exponents.c LIBS lsc_test_emulator lsc_nn LABELS unit cuda)
add_test(NAME cuda_configure COMMAND ${CMAKE_COMMAND} -DSOURCE=${CMAKE_SOURCE_DIR}
         -DBUILD=${CMAKE_CURRENT_BINARY_DIR}/cuda_configure -P ${CMAKE_CURRENT_SOURCE_DIR}/cuda/configure.cmake)
set_tests_properties(cuda_configure PROPERTIES LABELS "cli;cuda" TIMEOUT ${LSC_TEST_SECONDS})
foreach(test evaluator norms exponents)
  lsc_test(cuda_${test} SOURCES cuda/points_fixture.c LIBS lsc_nn ${CMAKE_DL_LIBS} LABELS contract cuda ARGS ${emulated})
  add_dependencies(test_cuda_${test} losscope_cuda_emulated)
  # What tests/gpu/run.sh runs on a card, on devices that may do what cards may: tensor cores that cut, engines that differ.
  foreach(setting cuts differ)
    add_test(NAME cuda_${test}_${setting} COMMAND test_cuda_${test} device)
    set_tests_properties(cuda_${test}_${setting} PROPERTIES LABELS "contract;cuda" TIMEOUT ${LSC_TEST_SECONDS}
                         ENVIRONMENT "LOSSCOPE_CUDA_MODULE=${emulated};LOSSCOPE_PLAN_CACHE=off;LOSSCOPE_EMULATED=${setting}=1")
  endforeach()
endforeach()
lsc_test(cuda_tensor_cores SOURCES cuda/points_fixture.c LIBS lsc_nn ${CMAKE_DL_LIBS} LABELS contract cuda ARGS ${emulated})
add_dependencies(test_cuda_tensor_cores losscope_cuda_emulated)

lsc_test(cuda_plan_cache LIBS lsc_nn LABELS unit cuda)
lsc_test(cuda_plan_choice LIBS lsc_nn ${CMAKE_DL_LIBS} LABELS unit cuda ARGS ${emulated})
add_dependencies(test_cuda_plan_choice losscope_cuda_emulated)

# The objective of networks, with the emulated device as what "auto" finds.
add_test(NAME cuda_objective COMMAND test_landscape_objective the_number_of_threads_*)
add_test(NAME cuda_objective_norm COMMAND test_landscape_norm neither_threads_*)
set_tests_properties(cuda_objective cuda_objective_norm PROPERTIES LABELS "contract;cuda" TIMEOUT ${LSC_TEST_SECONDS}
                     ENVIRONMENT LOSSCOPE_CUDA_MODULE=${emulated})

lsc_test(cuda_counts LIBS lsc_objective_nn lsc_test_data LABELS contract cuda ENV LOSSCOPE_CUDA_MODULE=${emulated})
add_dependencies(test_cuda_counts losscope_cuda_emulated)
lsc_test(cuda_stopped LIBS lsc_objective_nn lsc_test_data LABELS contract cuda ENV LOSSCOPE_CUDA_MODULE=${emulated})
add_dependencies(test_cuda_stopped losscope_cuda_emulated)

# Whether what is here has been run on a GPU: shown as skipped until a report says so.
add_test(NAME cuda_hardware COMMAND sh ${CMAKE_SOURCE_DIR}/tests/gpu/reported.sh)
set_tests_properties(cuda_hardware PROPERTIES LABELS cuda SKIP_RETURN_CODE 77 TIMEOUT ${LSC_TEST_SECONDS})

# The script that runs it there.
add_executable(check_json gpu/check_json.c)
target_link_libraries(check_json PRIVATE lsc_flags lsc_base PkgConfig::cjson)
foreach(test judge run)
  lsc_test(gpu_${test} LIBS lsc_base LABELS cli cuda)
  add_dependencies(test_gpu_${test} check_json)
endforeach()

# What needs nvcc and cuDNN, and no GPU. scripts/test.sh says what was left out.
if(NOT LSC_HAVE_CUDA_MODULE)
  file(WRITE ${CMAKE_BINARY_DIR}/gpu-skipped "23 skipped (nvcc, the CUDA toolkit or cuDNN was not found)\n")
  return()
endif()
file(WRITE ${CMAKE_BINARY_DIR}/gpu-skipped "0 skipped\n")

# The module over a CUDA runtime and a cuDNN that do nothing, and fail where they are told to. What is not in
# cuda/stub_calls.def does not link.
add_library(losscope_cuda_stub MODULE cuda/stub_cuda.c cuda/stub_cudnn.c $<TARGET_OBJECTS:lsc_cuda_plan>
            $<TARGET_OBJECTS:lsc_cuda_host>)
target_link_libraries(losscope_cuda_stub PRIVATE lsc_flags Threads::Threads)
target_include_directories(losscope_cuda_stub PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_include_directories(losscope_cuda_stub SYSTEM PRIVATE ${CUDAToolkit_INCLUDE_DIRS} ${CUDNN_INCLUDE_DIR})
target_link_options(losscope_cuda_stub PRIVATE -Wl,-z,defs)
set_target_properties(losscope_cuda_stub PROPERTIES PREFIX "")
set(stub ${CMAKE_CURRENT_BINARY_DIR}/losscope_cuda_stub.so)
lsc_test(cuda_calls LIBS lsc_test_landscape ${CMAKE_DL_LIBS} LABELS contract cuda ARGS ${stub})
add_dependencies(test_cuda_calls losscope_cuda_stub landscape)

# A driver that drives nothing, for plans with no device.
find_library(LSC_CUDA_STUB NAMES cuda PATHS ${CUDAToolkit_LIBRARY_DIR}/stubs ${CUDAToolkit_TARGET_DIR}/lib/stubs
             NO_DEFAULT_PATH)
set(driver ${CMAKE_CURRENT_BINARY_DIR}/fake_driver)
add_custom_command(OUTPUT ${driver}.c COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/cuda/fake_driver.sh ${LSC_CUDA_STUB}
                   > ${driver}.c DEPENDS cuda/fake_driver.sh VERBATIM)
add_library(fake_driver SHARED ${driver}.c)
target_compile_options(fake_driver PRIVATE -w -fno-builtin)
set_target_properties(fake_driver PROPERTIES PREFIX "" OUTPUT_NAME cuda SUFFIX .so.1 LIBRARY_OUTPUT_NAME libcuda
                      LIBRARY_OUTPUT_DIRECTORY ${driver})

foreach(test cuda_plans cuda_plan_texts)
  add_executable(test_${test} test_${test}.c cuda/keep_open.c $<TARGET_OBJECTS:lsc_cuda_plan>)
  target_link_libraries(test_${test} PRIVATE lsc_flags lsc_nn lsc_test_support cmocka CUDNN::cudnn CUDA::cudart_static)
  target_include_directories(test_${test} SYSTEM PRIVATE ${CUDAToolkit_INCLUDE_DIRS})
  target_compile_definitions(test_${test} PRIVATE LSC_SOURCE_DIR="${CMAKE_SOURCE_DIR}" LSC_BINARY_DIR="${CMAKE_BINARY_DIR}")
endforeach()
add_test(NAME cuda_plan_texts COMMAND test_cuda_plan_texts)
set(plans cuda_plan_texts)

# On one device in the default precision all, in the others some: tests/long/gpu.sh makes them all, on every device.
foreach(part RANGE 11)
  add_test(NAME cuda_plans_tf32_${part} COMMAND test_cuda_plans h100 tf32 ${part} 12)
  list(APPEND plans cuda_plans_tf32_${part})
endforeach()
foreach(arithmetic fp32 fp16 bf16)
  add_test(NAME cuda_plans_${arithmetic} COMMAND test_cuda_plans h100 ${arithmetic} 0 60)
  list(APPEND plans cuda_plans_${arithmetic})
endforeach()
set(suppressions LSAN_OPTIONS=suppressions=${CMAKE_CURRENT_SOURCE_DIR}/losscope.supp:print_suppressions=0)
set_tests_properties(${plans} PROPERTIES LABELS "contract;cuda" TIMEOUT ${LSC_TEST_SECONDS}
                     ENVIRONMENT "LD_LIBRARY_PATH=${driver}:$ENV{LD_LIBRARY_PATH};${suppressions}")

file(STRINGS ${CMAKE_SOURCE_DIR}/nn/backend/cuda/kernels/kernels.def rows REGEX "^KERNEL\\(")
list(LENGTH rows kernels)
foreach(architecture IN LISTS LSC_CUDA_RELEASE_ARCHITECTURES)
  add_test(NAME cuda_kernel_limits_sm_${architecture} COMMAND ${CMAKE_COMMAND} -DNVCC=${CMAKE_CUDA_COMPILER}
           -DSOURCE=${CMAKE_SOURCE_DIR} -DKERNELS=${kernels} -DARCHITECTURE=${architecture}
           -DOUT=${CMAKE_CURRENT_BINARY_DIR}/sm_${architecture}.cubin
           -P ${CMAKE_CURRENT_SOURCE_DIR}/cuda/kernel_limits.cmake)
  set_tests_properties(cuda_kernel_limits_sm_${architecture} PROPERTIES LABELS "unit;cuda" TIMEOUT ${LSC_TEST_SECONDS})
endforeach()
