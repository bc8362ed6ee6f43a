# medtl_target(NAME): the language levels, warnings, visibility and sanitizers that every target of ours has.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

function(medtl_target name)
  set_target_properties(${name} PROPERTIES
    C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF
    CXX_STANDARD 17 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    POSITION_INDEPENDENT_CODE ON)
  target_compile_definitions(${name} PRIVATE _GNU_SOURCE MEDTL_VERSION="${PROJECT_VERSION}")
  target_compile_options(${name} PRIVATE -Wall -Wextra -Wshadow -Wvla
    $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes -Wmissing-prototypes>
    $<$<BOOL:${MEDTL_WARNINGS_AS_ERRORS}>:-Werror>)
  if(MEDTL_SANITIZE)
    target_compile_options(${name} PRIVATE -fsanitize=${MEDTL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(${name} PRIVATE -fsanitize=${MEDTL_SANITIZE})
  endif()
endfunction()

# medtl_library(NAME SOURCES...): a static, position-independent library of ours.
function(medtl_library name)
  add_library(${name} STATIC ${ARGN})
  medtl_target(${name})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/include PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
endfunction()

# medtl_dcmtk_header(TARGET [FROM OTHER]): DCMTK's headers, which take longer to read than most files that include them,
# are read once for all C++ files of TARGET, or were for OTHER, which must be compiled with the same options. Every file
# names what it includes all the same; -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON builds without. Call it below the TARGET's
# sources, whose C files go without.
function(medtl_dcmtk_header target)
  cmake_parse_arguments(H "" "FROM" "" ${ARGN})
  get_target_property(sources ${target} SOURCES)
  list(FILTER sources INCLUDE REGEX "\\.c$")
  set_source_files_properties(${sources} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
  if(H_FROM)
    target_precompile_headers(${target} REUSE_FROM ${H_FROM})
  else()
    target_precompile_headers(${target} PRIVATE
      "$<$<COMPILE_LANGUAGE:CXX>:<dcmtk/config/osconfig.h$<ANGLE-R>>" "$<$<COMPILE_LANGUAGE:CXX>:<dcmtk/dcmdata/dctk.h$<ANGLE-R>>")
  endif()
endfunction()

# medtl_test(NAME SOURCES a.c b.c LINK target... [LABELS ...]): one Criterion program, run by ctest.
function(medtl_test name)
  cmake_parse_arguments(T "" "TIMEOUT" "SOURCES;LINK;LABELS" ${ARGN})
  if(NOT TARGET PkgConfig::CRITERION)
    pkg_check_modules(CRITERION REQUIRED IMPORTED_TARGET GLOBAL criterion)
  endif()
  add_executable(${name} ${T_SOURCES})
  medtl_target(${name})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/tests/support ${PROJECT_SOURCE_DIR})
  target_compile_definitions(${name} PRIVATE MEDTL_SOURCE_DIR="${PROJECT_SOURCE_DIR}" MEDTL_BINARY_DIR="${CMAKE_BINARY_DIR}")
  target_link_libraries(${name} PRIVATE ${T_LINK} PkgConfig::CRITERION m)
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 300)
  endif()
  add_test(NAME ${name} COMMAND ${name} -j1)
  set_tests_properties(${name} PROPERTIES TIMEOUT ${T_TIMEOUT} LABELS "${T_LABELS}" SKIP_RETURN_CODE 77
    ENVIRONMENT "ASAN_OPTIONS=abort_on_error=1:detect_leaks=1;UBSAN_OPTIONS=print_stacktrace=1;MEDTL_DATA_DIR=${CMAKE_BINARY_DIR}/share/medtl")
endfunction()
