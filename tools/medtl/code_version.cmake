# cmake -DSOURCE=folder -DOUTPUT=file.h -DRELEASE=version -P code_version.cmake: which source this is, for provenance.
# "git describe" where the source is a checkout, else the release. Written only when it changes.
execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --tags --abbrev=12
  OUTPUT_VARIABLE described OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed OR NOT described)
  set(described "${RELEASE}")
endif()
set(text "#define MEDTL_CODE_VERSION \"${described}\"\n")
set(old "")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} old)
endif()
if(NOT text STREQUAL old)
  file(WRITE ${OUTPUT} "${text}")
endif()
