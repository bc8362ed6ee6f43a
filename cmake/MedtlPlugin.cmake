# medtl_plugin_object(NAME EXPORTS file.map): how a shared object of ours behaves inside a host.
function(medtl_plugin_object name)
  cmake_parse_arguments(P "" "EXPORTS" "" ${ARGN})
  medtl_target(${name})
  # Only the entries of the version script are seen, and our own calls never land in a function of
  # the host that happens to have the same name.
  target_link_options(${name} PRIVATE
    -Wl,--version-script=${P_EXPORTS} -Wl,--exclude-libs,ALL -Wl,-Bsymbolic -Wl,-z,relro -Wl,-z,now
    # dlclose() must not unmap: the libraries below (DCMTK, OpenBLAS) keep process-wide state, threads and
    # exit handlers, and a host may use them itself. The next dlopen() finds all as it was.
    -Wl,-z,nodelete)
  if(NOT MEDTL_SANITIZE) # a sanitizer's run time is found in the program, not in the object
    target_link_options(${name} PRIVATE -Wl,-z,defs)
  endif()
  set_target_properties(${name} PROPERTIES LINK_DEPENDS ${P_EXPORTS})
endfunction()
