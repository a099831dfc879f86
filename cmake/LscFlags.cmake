# Everything of ours compiles with lsc_flags; there are no global flags.
add_library(lsc_flags INTERFACE)
target_include_directories(lsc_flags INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/include)
target_compile_features(lsc_flags INTERFACE c_std_11 cxx_std_17)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
target_compile_definitions(lsc_flags INTERFACE _GNU_SOURCE)
# Contraction off: a value is the same sum of products whatever the processor fuses; kernels that want
# fused multiply-adds say so themselves.
target_compile_options(lsc_flags INTERFACE
  -Wall -Wextra -Wshadow -Wvla -ffp-contract=off -fvisibility=hidden
  $<$<COMPILE_LANGUAGE:C>:-Wpedantic -Wconversion -Wno-sign-conversion -Wstrict-prototypes>
  $<$<BOOL:${LSC_WERROR}>:-Werror>)
if(LSC_SANITIZE)
  target_compile_options(lsc_flags INTERFACE -fsanitize=${LSC_SANITIZE} -fno-omit-frame-pointer
                         -fno-sanitize-recover=undefined)
  target_link_options(lsc_flags INTERFACE -fsanitize=${LSC_SANITIZE})
endif()
target_link_libraries(lsc_flags INTERFACE m)
