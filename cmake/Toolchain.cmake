# How everything is compiled: one place for the standard, warnings, sanitizers and quick builds.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# Warnings are errors in our own builds only: a packager's newer compiler must not break on a new warning.
option(LIFESIGN_WERROR "Treat warnings as errors" ${PROJECT_IS_TOP_LEVEL})
add_compile_options(-Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wconversion -Wno-sign-conversion
  -Wno-missing-field-initializers  # what a designated initializer leaves out has its default
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)  # g++ 12 gives it falsely for `"text" + std::string` (its bug 105651)
if(LIFESIGN_WERROR)
  add_compile_options(-Werror)
endif()
add_compile_options(-fno-omit-frame-pointer)

set(LIFESIGN_SANITIZE "" CACHE STRING "address,undefined or thread; empty for none; preset fuzz adds fuzzer-no-link")
if(LIFESIGN_SANITIZE)
  add_compile_options(-fsanitize=${LIFESIGN_SANITIZE} -fno-sanitize-recover=all
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)  # g++ 12 gives it falsely in instrumented code
  add_link_options(-fsanitize=${LIFESIGN_SANITIZE})
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()
